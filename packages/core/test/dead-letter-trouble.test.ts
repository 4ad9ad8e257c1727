import { describe, expect, it } from 'vitest'
import { type HookMap, LoanLostError, NonRetryableError } from '../src/index.ts'
import type { Delivery } from '../src/spi/index.ts'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

describe('a dead letter that cannot be stored', () => {
  it('stays on loan, is tried again, and is acknowledged once it is stored', async () => {
    const { bus, adapter, clock } = scene()
    const errors: string[] = []
    bus.on('error', ({ operation }) => void errors.push(operation))
    const handler = (): void => {
      adapter.faults.publish = () => {
        throw new Error('away')
      }
      throw new NonRetryableError('no')
    }
    await bus.subscribe('orders', handler, { useDLQ: true, dlqTopic: 'failed' })
    await bus.publish('orders', 'placed', null)
    await clock.advance(1_000)
    expect(adapter.calls).not.toContain('ack orders/000001')
    expect(new Set(errors)).toEqual(new Set(['copying an event to "failed"']))
    expect((await bus.getStats()).inFlightEvents).toBe(1)
    adapter.faults.publish = undefined
    await clock.advance(5_000)
    expect(adapter.stored('failed')).toHaveLength(1)
    expect(adapter.calls.at(-1)).toBe('ack orders/000001')
  })

  it('is given back when the bus closes before', async () => {
    const { bus, adapter, clock } = scene()
    const handler = (): void => {
      adapter.faults.publish = () => {
        throw new Error('away')
      }
      throw new NonRetryableError('no')
    }
    await bus.subscribe('orders', handler, { useDLQ: true, consumerGroup: 'g' })
    bus.on('error', () => {})
    await bus.publish('orders', 'placed', null)
    await turn()
    const closing = bus.close({ timeoutMs: 300 })
    await clock.advance(400)
    await closing
    expect(adapter.calls).toContain('release orders/000001')
    expect(adapter.calls).not.toContain('ack orders/000001')
    expect(clock.pending).toBe(0)
  })

  it('is not counted here when another member has the event now', async () => {
    const { bus, adapter } = scene()
    const told: HookMap['deadLetter'][] = []
    bus.on('deadLetter', (details) => void told.push(details))
    const consume = adapter.consume.bind(adapter)
    adapter.consume = async (options) => {
      const consumer = await consume(options)
      const pull = consumer.pull.bind(consumer)
      const lost = (delivery: Delivery): Delivery =>
        Object.assign(delivery, { forward: () => Promise.reject(new LoanLostError('orders', '1')) })
      return Object.assign(consumer, {
        pull: async (max: number, signal: AbortSignal) => (await pull(max, signal)).map(lost),
      })
    }
    await bus.subscribe(
      'orders',
      () => {
        throw new NonRetryableError('no')
      },
      { useDLQ: true, consumerGroup: 'g' },
    )
    await bus.publish('orders', 'placed', null)
    await turn()
    expect(told).toEqual([])
    expect(await bus.getStats()).toMatchObject({ deadLetteredEvents: 0, inFlightEvents: 0 })
  })
})
