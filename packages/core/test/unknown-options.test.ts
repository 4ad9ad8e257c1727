import { expect, it } from 'vitest'
import { createEventBus, createEventBusAdapter } from '../src/index.ts'
import { FakeDefinition } from './support/fake-definition.ts'
import { scene } from './support/bus.ts'
import { rejection } from './support/outcome.ts'

it('options that do not exist are refused by all that take options, with what may have been meant', async () => {
  const refused = { code: 'BUS_CONFIG_INVALID' }
  const choices = { adapter: new FakeDefinition().entry, env: {} }
  for (const [option, meant] of [
    [{ loger: console }, 'is logger meant?'],
    [{ maxPayloadByte: 5 }, 'is maxPayloadBytes meant?'],
    [{ verbose: true }, 'known are adapter, '],
  ] as const) {
    const error = await rejection(createEventBus({ ...choices, ...option }))
    expect(error).toMatchObject(refused)
    expect(error.message).toContain(meant)
    expect(await rejection(createEventBusAdapter({ ...choices, ...option } as object))).toMatchObject(refused)
  }
  const bus = await createEventBus({ ...choices, fake: {}, other: {} } as object)
  await bus.close()
  const wrong = { maxRetrys: 1 } as object
  expect(await rejection(scene().bus.subscribe('orders', () => {}, wrong))).toMatchObject(refused)
  const defaults = scene({ defaultSubscriptionOptions: wrong })
  expect(await rejection(defaults.bus.subscribe('orders', () => {}))).toMatchObject(refused)
})

it('a closed bus says what was not done', async () => {
  const { bus } = scene()
  await bus.close()
  expect((await rejection(bus.publish('orders', 'placed', 1))).message).toContain('nothing was published to "orders"')
})
