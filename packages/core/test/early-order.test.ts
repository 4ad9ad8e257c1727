import { expect, it } from 'vitest'
import { EventBus } from '../src/bus.ts'
import { FakeAdapter } from './support/fake-adapter.ts'
import { FakeClock } from './support/fake-clock.ts'
import { RecordingLogger } from './support/recording-logger.ts'

/** Its timers are never early, and as late as they are told to be, each for itself: as those of Node. */
class LateClock extends FakeClock {
  readonly lateMs: number[] = []

  override timer(ms: number, callback: () => void, background: boolean = false): () => void {
    return super.timer(ms + (this.lateMs.shift() ?? 0), callback, background)
  }
}

const logger = new RecordingLogger()

async function handledBy(clock: LateClock, act: (bus: EventBus, due: Date) => Promise<void>): Promise<unknown[]> {
  const bus = new EventBus(new FakeAdapter(), 'test', { clock, logger })
  const handled: unknown[] = []
  await bus.subscribe('orders', ({ payload }) => void handled.push(payload), { consumerGroup: 'g' })
  await act(bus, new Date(clock.now() + 100))
  await clock.advance(200)
  await bus.close()
  return handled
}

it('what is due at one time is handled in the order it came, also if it was pulled bit by bit', async () => {
  const clock = new LateClock()
  const handled = await handledBy(clock, async (bus, due) => {
    for (const [payload, late] of [20, 0, 10].entries()) {
      clock.lateMs.push(late)
      await bus.publish('orders', 'placed', payload, { key: 'k', deliverAt: due })
      await clock.advance(1)
    }
  })
  expect(handled).toEqual([0, 1, 2])
})

it('what is overdue goes before what is due when it comes', async () => {
  const clock = new LateClock()
  const handled = await handledBy(clock, async (bus, due) => {
    clock.lateMs.push(50)
    await bus.publish('orders', 'placed', 'first', { key: 'k', deliverAt: due })
    await clock.advance(120)
    await bus.publish('orders', 'placed', 'second', { key: 'k', deliverAt: due })
    await bus.publish('orders', 'placed', 'third', { key: 'k' })
  })
  expect(handled).toEqual(['first', 'second', 'third'])
})
