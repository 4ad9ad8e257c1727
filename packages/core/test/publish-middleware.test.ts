import { expect, it } from 'vitest'
import type { PublishMiddleware } from '../src/index.ts'
import { scene } from './support/bus.ts'

it('a publish middleware that is off is not there', async () => {
  const { bus } = scene()
  const steps: string[] = []
  const named =
    (name: string): PublishMiddleware =>
    ({ type }, next) => (steps.push(`${name} ${type}`), next())
  let on = false
  bus.usePublish({ publish: named('switched'), when: () => on })
  await bus.publish('orders', 'a', 1)
  bus.usePublish(named('always'))
  await bus.publish('orders', 'b', 1)
  on = true
  await bus.publish('orders', 'c', 1)
  await bus.publishBatch('orders', [{ type: 'd', payload: 1 }])
  on = false
  await bus.publish('orders', 'e', 1)
  expect(steps).toEqual(['always b', 'switched c', 'always c', 'switched d', 'always d', 'always e'])
  expect(bus.adapterName).toBe('fake')
})
