import type { PrivateBackend } from '@bus/core/conformance'
import { type KafkaProcess, type Proxy, startKafka, startProxy } from '@bus/test-brokers'
import { Kafka, logLevel } from 'kafkajs'
import { adapterAt } from './kafka.ts'

interface Server {
  readonly broker: KafkaProcess
  readonly proxy: Proxy
}

let started: Promise<Server> | undefined

/** A broker takes seconds to start: the cases that want one share it, one after the other. */
export async function privateBackend(): Promise<PrivateBackend> {
  const { broker, proxy } = await (started ??= start())
  const brokers = [`${proxy.host}:${proxy.port}`]
  return {
    create: () => adapterAt(brokers, { requestTimeout: 5_000, connectionTimeout: 2_000, logger: {} }),
    cut: () => proxy.cut(),
    restore: () => proxy.restore(),
    reset: () => proxy.reset(),
    async restart() {
      for (const node of broker.nodes) {
        await node.kill()
        await node.restart()
      }
    },
    async wipe() {
      const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__consumer'))
      await admin.deleteTopics({ topics })
      await admin.disconnect()
    },
    release: async () => proxy.restore(),
  }
}

/** For `afterAll`. */
export async function stopPrivateBackend(): Promise<void> {
  if (started === undefined) return
  const { broker, proxy } = await started
  await proxy.close()
  await broker.stop()
}

async function start(): Promise<Server> {
  const proxy = await startProxy(() => ({ port: Number(broker.nodes[0]?.address.split(':')[1]) }))
  const broker: KafkaProcess = await startKafka({
    how: 'process',
    properties: {
      'advertised.listeners': `CLIENT://${proxy.host}:${proxy.port}`,
      'inter.broker.listener.name': 'CLIENT',
    },
  })
  return { broker, proxy }
}
