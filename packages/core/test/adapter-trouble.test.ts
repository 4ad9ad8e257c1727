import { describe, expect, it } from 'vitest'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

describe('an adapter that is in trouble', () => {
  it('is asked for events again, ever more slowly, and each time it is said', async () => {
    const { bus, adapter, clock, logger } = scene()
    const seen: unknown[] = []
    const errors: string[] = []
    bus.on('error', ({ operation, topic }) => void errors.push(`${operation} of ${topic}`))
    adapter.faults.pull = () => {
      throw new Error('away')
    }
    await bus.subscribe('orders', ({ payload }) => void seen.push(payload))
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      await turn()
      const [pause = -1] = clock.delays
      pauses.push(pause)
      await clock.advance(pause)
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000])
    expect(errors.length).toBeGreaterThanOrEqual(8)
    expect(new Set(errors)).toEqual(new Set(['receiving events of orders']))
    expect(logger.lines).toEqual([])
    adapter.faults.pull = undefined
    await bus.publish('orders', 't', 1)
    await clock.advance(2_000)
    expect(seen).toEqual([1])
  })

  it('does not keep the process busy when it was closed under the bus', async () => {
    const { bus, adapter, clock } = scene()
    await bus.subscribe('orders', () => {})
    await turn()
    await adapter.close()
    await clock.advance(1_000)
    const [consumer] = adapter.consumers
    expect(consumer?.pulls).toBeLessThan(20)
    await bus.close()
    expect(clock.pending).toBe(0)
  })

  it('may fail to record what was done: it is said, and the handler is not started again', async () => {
    const { bus, adapter } = scene()
    let starts = 0
    const errors: string[] = []
    bus.on('error', ({ operation }) => void errors.push(operation))
    adapter.faults.ack = () => {
      throw new Error('away')
    }
    await bus.subscribe('orders', () => void starts++)
    await bus.publish('orders', 't', 1)
    await turn()
    expect(errors).toEqual(['acknowledging'])
    expect(starts).toBe(1)
  })
})
