import { startKafka, startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import type { Backend } from './tasks.ts'

export interface Broker extends AsyncDisposable {
  readonly address: string
  /** For a description of the machine. */
  readonly name: string
  /** Nobody needs the topic any more; it would fill the memory of a server that keeps everything there. */
  forget(topic: string): Promise<void>
}

export async function startBroker(backend: Backend): Promise<Broker> {
  if (backend === 'memory') return { address: '', name: '', forget: nothing, [Symbol.asyncDispose]: nothing }
  return backend === 'redis' ? await redis() : await kafka()
}

async function redis(): Promise<Broker> {
  const broker = await startRedis()
  const client = new Redis(broker.url)
  client.on('error', () => {})
  return {
    address: broker.url,
    name: nameOf('Redis', broker),
    async forget(topic) {
      // Every candidate has the topic in the names of its keys.
      let cursor = '0'
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', `*${topic}*`, 'COUNT', 10_000)
        if (keys.length > 0) await client.unlink(...keys)
        cursor = next
      } while (cursor !== '0')
    },
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await broker.stop()
    },
  }
}

async function kafka(): Promise<Broker> {
  const broker = await startKafka()
  return {
    address: broker.brokers.join(','),
    name: nameOf('Kafka', broker),
    forget: nothing,
    [Symbol.asyncDispose]: () => broker.stop(),
  }
}

function nameOf(name: string, { summary, how }: { readonly summary: string; readonly how: string }): string {
  const version = /[\d.]{3,}/.exec(summary)?.[0]
  return `, ${name}${version === undefined || how === 'address' ? '' : ` ${version}`} on the same machine`
}

async function nothing(): Promise<void> {}
