import { describe, expect, it } from 'vitest'
import type { HistoryOptions } from '../src/index.ts'
import { scene, type Scene } from './support/bus.ts'
import { rejection } from './support/outcome.ts'

async function filled(): Promise<Scene> {
  const setting = scene()
  await setting.bus.publish('orders', 'placed', 1, { key: 'a', metadata: { correlationId: 'one' } })
  await setting.bus.publish('orders', 'paid', 2, { key: 'b', metadata: { correlationId: 'one' } })
  await setting.adapter.publish([{ topic: 'orders', headers: {}, body: 'no event' }])
  await setting.bus.publish('orders', 'placed', 4, { key: 'b', metadata: { correlationId: 'two' } })
  return setting
}

async function read({ bus }: Scene, options?: HistoryOptions): Promise<unknown[]> {
  const payloads: unknown[] = []
  for await (const { payload } of bus.history('orders', options)) payloads.push(payload)
  return payloads
}

describe('history', () => {
  it('is all events in order; what is none is passed over and told', async () => {
    const setting = await filled()
    const errors: unknown[] = []
    setting.bus.on('error', ({ operation, error }) => void errors.push([operation, error]))
    expect(await read(setting)).toEqual([1, 2, 4])
    expect(errors).toEqual([['reading history', expect.objectContaining({ code: 'BUS_MESSAGE_UNREADABLE' })]])
  })

  it.each<[HistoryOptions, unknown[]]>([
    [{ type: 'placed' }, [1, 4]],
    [{ correlationId: 'one' }, [1, 2]],
    [{ key: 'b' }, [2, 4]],
    [{ key: 'b', type: 'placed' }, [4]],
    [{ limit: 2 }, [1, 2]],
    [{ limit: 0 }, []],
    [{ type: 'placed', limit: 1 }, [1]],
    [{ from: '000001' }, [2, 4]],
    [{ from: '000001', limit: 1 }, [2]],
    [{ to: new Date(0) }, []],
    [{ from: new Date(0) }, [1, 2, 4]],
  ])('is what was asked for: %j', async (options, expected) => {
    const setting = await filled()
    setting.bus.on('error', () => {})
    expect(await read(setting, options)).toEqual(expected)
  })

  it('counts events towards the limit, not what is none', async () => {
    const setting = await filled()
    setting.bus.on('error', () => {})
    expect(await read(setting, { limit: 3 })).toEqual([1, 2, 4])
  })

  it('reads no further than it is asked to', async () => {
    const { bus, adapter } = await filled()
    const events = bus.history('orders')
    expect((await events.next()).value).toMatchObject({ payload: 1 })
    expect(await events.return(undefined)).toMatchObject({ done: true })
    expect(adapter.calls.filter((call) => call.startsWith('consume'))).toEqual([])
  })

  it.each(['no topic', 'no pattern *'])('refuses %j', async (topic) => {
    const { bus } = scene()
    expect(await rejection(bus.history(topic as string).next())).toMatchObject({ code: 'BUS_TOPIC_INVALID' })
  })

  it.each<[string, HistoryOptions, string]>([
    ['orders', { from: new Date('never') }, 'from'],
    ['orders', { to: new Date('never') }, 'to'],
    ['orders', { from: '' }, 'from'],
    ['*', { from: '000001' }, 'from'],
  ])('of %j refuses %j', async (topic, options, name) => {
    const error = await rejection(
      scene()
        .bus.history(topic as string, options)
        .next(),
    )
    expect(error).toMatchObject({ code: 'BUS_CONFIG_INVALID', issues: [{ name }] })
  })

  it('is over once the bus is closed', async () => {
    const { bus } = scene()
    await bus.close()
    expect(await rejection(bus.history('orders').next())).toMatchObject({ code: 'BUS_CLOSED' })
  })

  it('of one flow is looked for in all topics', async () => {
    const { bus } = await filled()
    bus.on('error', () => {})
    await bus.publish('payments', 'paid', 5, { metadata: { correlationId: 'one' } })
    const found: unknown[] = []
    for await (const { topic, payload, position, key } of bus.trace('one')) found.push([topic, payload, position, key])
    expect(found).toEqual([
      ['orders', 1, '000001', 'a'],
      ['orders', 2, '000002', 'b'],
      ['payments', 5, '000001', undefined],
    ])
  })
})
