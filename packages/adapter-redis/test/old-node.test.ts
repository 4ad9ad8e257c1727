import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ownPrefix, redisUrl } from './redis.ts'

// Without what Node 20 does not have, whichever Node runs this.
const script = `
  delete Map.groupBy
  delete Object.groupBy
  delete Promise.withResolvers
  delete Promise.try
  delete Array.fromAsync
  for (const name of ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom'])
    delete Set.prototype[name]
  const iterators = Object.getPrototypeOf(Object.getPrototypeOf(new Map().values()))
  for (const name of ['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find'])
    delete iterators[name]
  const { RedisAdapter } = await import('@bus/adapter-redis')
  const [url, prefix] = process.argv.slice(1)
  const adapter = new RedisAdapter({ url, prefix })
  await adapter.initialize()
  const consumers = [
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' }),
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }] }),
  ]
  const message = { topic: 't', key: 'k', headers: {}, body: 'x' }
  const take = async (consumer) => {
    const [delivery] = await consumer.pull(1, AbortSignal.timeout(5000))
    await delivery.forward({ ...message, topic: 't.g.copies' })
  }
  const taken = Promise.all(consumers.map(take))
  setTimeout(() => adapter.publish([message, { ...message, notBefore: Date.now() + 50 }]), 100)
  await taken
  for await (const _ of adapter.read({ topic: 't' }));
  await adapter.close()`

it('needs nothing that the oldest Node it is made for does not have', async () => {
  const child = spawn(
    process.execPath,
    ['--conditions=@bus/source', '--input-type=module', '-e', script, await redisUrl(), ownPrefix()],
    { stdio: 'inherit', cwd: fileURLToPath(new URL('.', import.meta.url)) },
  )
  expect(((await once(child, 'exit')) as [number])[0]).toBe(0)
})
