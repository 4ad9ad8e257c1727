import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick } from '../../support/facade-stage.ts'
import { systemClock, type Clock } from '../../../util/clock.ts'

/** The real time, counting the timers that are set. */
class CountingClock implements Clock {
  readonly #timers = new Set<object>()
  readonly now: Clock['now'] = systemClock.now
  readonly breathe: Clock['breathe'] = systemClock.breathe
  readonly random: Clock['random'] = systemClock.random
  readonly uuid: Clock['uuid'] = systemClock.uuid

  get timers(): number {
    return this.#timers.size
  }

  timer(ms: number, callback: () => void, background?: boolean): () => void {
    const entry = {}
    this.#timers.add(entry)
    const fire = (): void => {
      this.#timers.delete(entry)
      callback()
    }
    const cancel = systemClock.timer(ms, fire, background)
    return () => {
      this.#timers.delete(entry)
      cancel()
    }
  }
}

export const traceCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a closed bus leaves no timer behind, whatever was waiting',
    promise: 'The process ends by itself.',
    run: onStage(async (stage) => {
      const [clock, topic] = [new CountingClock(), stage.topic()]
      const { bus, hooks } = await stage.process({ clock })
      const slow = { ...quick, initialDelayMs: 600_000, maxDelayMs: 600_000, holdUpToMs: 1_000_000 }
      const fail = (): Promise<never> => Promise.reject(new Error('no'))
      await bus.subscribe(topic, fail, { consumerGroup: 'held', retry: slow, timeoutMs: 600_000 })
      await bus.subscribe(topic, fail, { consumerGroup: 'deferred', retry: { ...slow, holdUpToMs: 0 } })
      await bus.subscribe(`${topic}.*`, () => {}, { consumerGroup: 'pattern' })
      const id = await bus.subscribe(topic, () => {}, { consumerGroup: 'delayed' })
      await bus.publish(topic, 'tested', 'later', { delayMs: 600_000 })
      await bus.publish(topic, 'tested', 'now')
      await hooks.retry.reached(2)
      await bus.unsubscribe(id)
      await bus.close()
      assert.equal(clock.timers, 0)
    }),
  },
]
