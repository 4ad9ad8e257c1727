import { describe, expect, it } from 'vitest'
import type { HandlerContext } from '../src/index.ts'
import { type Scene, scene } from './support/bus.ts'

interface Timed extends Scene {
  readonly starts: [attempt: number, at: number][]
  readonly failures: [attempts: number, error: unknown][]
}

/** A subscription with a limit of 100 ms; `work` is what its handler does. */
async function timed(work: (context: HandlerContext, scene: Scene) => Promise<void>): Promise<Timed> {
  const setting = scene()
  const { bus, clock } = setting
  const from = clock.now()
  const starts: Timed['starts'] = []
  const failures: Timed['failures'] = []
  bus.on('retry', ({ attempts, error }) => void failures.push([attempts, error]))
  const handler = (_event: unknown, context: HandlerContext): Promise<void> => {
    starts.push([context.attempt, clock.now() - from])
    return work(context, setting)
  }
  await bus.subscribe('orders', handler, { timeoutMs: 100, maxRetries: 1, retry: { jitter: 0, initialDelayMs: 10 } })
  await bus.publish('orders', 'placed', null)
  return { ...setting, starts, failures }
}

const after = ({ clock }: Scene, ms: number): Promise<void> => new Promise((resolve) => void clock.timer(ms, resolve))

describe('a handler with a time limit', () => {
  it('is not disturbed while it keeps to it', async () => {
    const { starts, bus, clock } = await timed((_context, setting) => after(setting, 99))
    await clock.advance(1_000)
    expect(starts).toHaveLength(1)
    expect(await bus.getStats()).toMatchObject({ succeededEvents: 1, retriedEvents: 0, inFlightEvents: 0 })
    expect(clock.pending).toBe(0)
  })

  it('is told to stop, and is started again when it has', async () => {
    const reasons: unknown[] = []
    const { starts, failures, clock } = await timed(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason)
            reject(new Error('stopped'))
          })
        }),
    )
    await clock.advance(110)
    expect(reasons).toMatchObject([{ code: 'BUS_TIMEOUT', afterMs: 100 }])
    expect(failures).toMatchObject([[1, { code: 'BUS_TIMEOUT' }]])
    expect(starts).toEqual([
      [1, 0],
      [2, 110],
    ])
  })

  it('has failed although it ends well in the end: it took too long', async () => {
    const { starts, failures, clock } = await timed(({ attempt }, setting) => after(setting, attempt === 1 ? 150 : 1))
    await clock.advance(1_000)
    expect(failures).toMatchObject([[1, { code: 'BUS_TIMEOUT' }]])
    expect(starts).toEqual([
      [1, 0],
      [2, 160],
    ])
  })

  it('is left behind when it does not stop in the same time once more', async () => {
    const { starts, bus, clock, adapter } = await timed(({ attempt }) =>
      attempt === 1 ? new Promise(() => {}) : Promise.resolve(),
    )
    await clock.advance(1_000)
    expect(starts).toEqual([
      [1, 0],
      [2, 210],
    ])
    expect(adapter.calls.at(-1)).toBe('ack orders/000001')
    expect(await bus.getStats()).toMatchObject({ succeededEvents: 1, inFlightEvents: 0 })
    expect(clock.pending).toBe(0)
  })

  it('settles nothing any more once it was left behind', async () => {
    let finish = (): void => {}
    const { bus, clock, adapter } = await timed(({ attempt }, setting) => {
      if (attempt === 1) return new Promise<void>((resolve) => (finish = resolve))
      return after(setting, 50)
    })
    await clock.advance(220)
    finish()
    await clock.advance(1)
    expect(adapter.calls).not.toContain('ack orders/000001')
    await clock.advance(1_000)
    expect(adapter.calls.filter((call) => call === 'ack orders/000001')).toHaveLength(1)
    expect(await bus.getStats()).toMatchObject({ succeededEvents: 1, deliveredEvents: 2 })
  })
})
