import { describe, expect, it } from 'vitest'
import type { Handler } from '../src/index.ts'
import { type Scene, scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

async function handled(handler: Handler<unknown>): Promise<Scene & { starts: number[] }> {
  const setting = scene()
  const starts: number[] = []
  const counting: Handler<unknown> = (event, context) => {
    starts.push(context.attempt)
    return handler(event, context)
  }
  await setting.bus.subscribe('orders', counting, { autoAck: false, maxRetries: 1, retry: { jitter: 0 } })
  await setting.bus.publish('orders', 'placed', null)
  await turn()
  return { ...setting, starts }
}

const acked = 'ack orders/000001'

describe('with autoAck: false', () => {
  it('an event is done when it is acknowledged, not when its handler has returned', async () => {
    let ack = (): Promise<void> => Promise.resolve()
    const { adapter } = await handled((_event, context) => void (ack = () => context.ack()))
    expect(adapter.calls).not.toContain(acked)
    await ack()
    expect(adapter.calls.filter((call) => call === acked)).toHaveLength(1)
  })

  it.each<[string, (call: () => void) => void | Promise<void>]>([
    [
      'at once',
      (call) => {
        call()
        throw new Error('boom')
      },
    ],
    [
      'later',
      async (call) => {
        call()
        await turn()
        throw new Error('boom')
      },
    ],
  ])('a handler that acknowledged and throws %s is not started again', async (_when, fail) => {
    const { adapter, clock, starts } = await handled((_event, context) => fail(() => void context.ack()))
    await clock.advance(10_000)
    expect(starts).toEqual([1])
    expect(adapter.calls).toContain(acked)
  })

  it.each<[string, (call: () => void) => void | Promise<void>]>([
    [
      'at once',
      (call) => {
        call()
        throw new Error('boom')
      },
    ],
    [
      'later',
      async (call) => {
        call()
        await turn()
        throw new Error('boom')
      },
    ],
  ])(
    'a handler that calls nack() and throws %s is started again once, after the delay it asked for',
    async (_when, fail) => {
      const { clock, starts } = await handled((_event, context) => {
        if (context.attempt === 1) return fail(() => void context.nack({ delayMs: 700 }))
        return context.ack()
      })
      await clock.advance(699)
      expect(starts).toEqual([1])
      await clock.advance(1)
      expect(starts).toEqual([1, 2])
    },
  )

  it('the first word counts: acknowledging what waits for its next start would lose it', async () => {
    const { adapter, clock, starts } = await handled((_event, context) => {
      void context.nack({ delayMs: 700 })
      return context.ack()
    })
    await clock.advance(699)
    expect(adapter.calls).not.toContain(acked)
    await clock.advance(1)
    expect(starts).toEqual([1, 2])
  })

  it('a handler that throws and said nothing has failed', async () => {
    const { clock, starts, bus } = await handled(() => {
      throw new Error('boom')
    })
    await clock.advance(10_000)
    expect(starts).toEqual([1, 2])
    expect(await bus.getStats()).toMatchObject({ givenUpEvents: 1, retriedEvents: 1 })
  })

  it('an event goes to the dead letters when its handler says so, whatever useDLQ says', async () => {
    const { adapter, bus } = await handled((_event, context) => context.deadLetter('not for us'))
    expect(adapter.stored('orders.broadcast.dlq')).toMatchObject([
      { headers: { 'bus-dead-reason': 'rejected', 'bus-dead-error': 'Error: not for us' } },
    ])
    expect(await bus.getStats()).toMatchObject({ failedEvents: 1, inFlightEvents: 0 })
  })

  it.each(['ack', 'nack', 'deadLetter'] as const)('alone, %s() may be called', async (call) => {
    const { bus, clock } = scene()
    const errors: unknown[] = []
    await bus.subscribe('orders', async (_event, context) => {
      await context[call]('x' as never).catch((error: unknown) => errors.push(error))
    })
    await bus.publish('orders', 'placed', null)
    await clock.advance(0)
    await turn()
    expect(errors).toMatchObject([{ code: 'BUS_CONFIG_INVALID' }])
  })
})
