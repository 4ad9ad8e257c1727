import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import type { CrewOptions } from './crew.ts'
import { Worker } from './worker.ts'

// A member of a group in a process of its own: says on standard output what it does, in a way that survives SIGKILL.
const [url = '', prefix = '', topic = '', lease, poison, how = '{}'] = process.argv.slice(2)
const { handleMs, ...window } = JSON.parse(how) as Pick<CrewOptions, 'handleMs' | 'prefetch' | 'concurrency'>
const say = (...words: readonly unknown[]): void =>
  void writeSync(1, `${words.join(' ')} ${performance.timeOrigin + performance.now()}\n`)

const adapter = new RedisAdapter({ url, prefix, leaseMs: Number(lease) })
await adapter.initialize()
const worker = await Worker.start({
  adapter,
  topic,
  group: 'g',
  ...window,
  lent: ({ message, redeliveries }) => say('lent', Buffer.from(message.body).toString(), redeliveries),
  handle: async ({ message, redeliveries }) => {
    const body = Buffer.from(message.body).toString()
    say('start', body, redeliveries)
    if (body === poison) process.kill(process.pid, 'SIGKILL')
    await sleep(handleMs ?? 1 + Math.random() * 4)
    say('end', body, redeliveries)
  },
})
say('ready', '-', 0)
process.once('SIGTERM', () => {
  void worker
    .leave()
    .then(() => adapter.close())
    .then(() => say('left', '-', 0))
})
