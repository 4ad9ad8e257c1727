import { EventBus } from '@bus/core'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { performance } from 'node:perf_hooks'
const subs = Number(process.argv[2] ?? 1)
const N = 200_000
const payload = {
  orderId: 'order-123456',
  customer: 'c-42',
  total: 99.5,
  currency: 'EUR',
  items: [
    { sku: 'a-1', qty: 1 },
    { sku: 'b-2', qty: 3 },
  ],
  note: 'please ring twice at the door',
}
const bus = new EventBus<any>(new InMemoryAdapter({}), 's')
let n = 0
for (let i = 0; i < subs; i++)
  await bus.subscribe('orders', () => {
    n++
  })
const run = async (): Promise<number> => {
  const t = performance.now()
  for (let i = 0; i < N / subs; i++) await bus.publish('orders', 'created', payload)
  return N / subs / ((performance.now() - t) / 1000)
}
const out: number[] = []
for (let i = 0; i < 6; i++) out.push(Math.round(await run()))
console.log('bus', subs, out.join(' '), n)
await bus.close()
