import { setTimeout as sleep } from 'node:timers/promises'
import { RedisAdapter } from '@bus/adapter-redis'
import { EventBus } from '@bus/core'

// Subscriptions with nothing to do, in a process of their own: says what share of a core they take.
const [url = '', prefix = '', count = '', seconds = ''] = process.argv.slice(2)
const adapter = new RedisAdapter({ url, prefix })
const bus = new EventBus(adapter, 'idler')
for (let number = 0; number < Number(count); number++) {
  const options = number % 10 === 9 ? {} : { consumerGroup: `g${number % 4}` }
  await bus.subscribe(`t${number % 50}`, () => {}, options)
}
// What joining costs is not what being there costs.
await sleep(3_000)
const [before, started] = [process.cpuUsage(), performance.now()]
await sleep(Number(seconds) * 1_000)
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1_000 / (performance.now() - started))
await bus.close()
await adapter.close()
