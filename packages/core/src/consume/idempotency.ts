import type { IdempotencyStore } from '../spi/idempotency-store.ts'
import { wait } from '../util/wait.ts'
import type { TopicCounters } from './counters.ts'
import type { ConsumeHost } from './host.ts'
import type { Middleware } from './middleware.ts'
import { Postponed } from './postponed.ts'

export interface IdempotencyOptions {
  /** Where it is remembered. It must be shared by all members of the group. */
  readonly store: IdempotencyStore
  /** Milliseconds for which a handled event is remembered; default one day. A repetition that comes later is handled again. */
  readonly ttlMs?: number | undefined
  /**
   * Milliseconds after which the claim of a process that died is free; default 30 s. It is renewed while the handler
   * runs.
   */
  readonly leaseMs?: number | undefined
}

/** With nothing left open. */
export interface IdempotencyPolicy extends IdempotencyOptions {
  readonly ttlMs: number
  readonly leaseMs: number
}

const shortestPauseMs = 50
const longestPauseMs = 1_000

/**
 * Each event is handled once by its group, as far as the store remembers: claimed first, and marked when its handler has
 * succeeded, so that a failed start never counts. What somebody else is at, or what the store cannot say, waits.
 */
export function idempotency(
  { clock, hooks }: Pick<ConsumeHost, 'clock' | 'hooks'>,
  { store, ttlMs, leaseMs }: IdempotencyPolicy,
  counters: TopicCounters,
): Middleware {
  const pauseMs = Math.min(Math.max(leaseMs / 20, shortestPauseMs), longestPauseMs)
  return async ({ metadata }, { topic, consumerGroup, replayed, signal }, next) => {
    // Somebody means it to be handled once more.
    if (replayed) return next()
    const key = `${topic}/${consumerGroup}/${metadata.eventId}`
    const owner = clock.uuid()
    const told = (operation: string) => (error: unknown) =>
      hooks.emit('error', { error, operation, topic, consumerGroup })
    const outcome = await store.claim(key, owner, leaseMs).catch(told('claiming an event'))
    if (outcome === 'done') {
      counters.of(topic).duplicates++
      return
    }
    if (outcome !== 'claimed') throw new Postponed(pauseMs)
    const over = new AbortController()
    const renewing = keepClaim(AbortSignal.any([signal, over.signal]))
    try {
      await next()
    } catch (error) {
      await store.release(key, owner).catch(told('giving up the claim of an event'))
      throw error
    } finally {
      over.abort()
      await renewing
    }
    // The work is done, whether or not that can be written down: doing it again would not make it better.
    await store.done(key, owner, ttlMs).catch(told('marking an event as handled'))

    async function keepClaim(stop: AbortSignal): Promise<void> {
      for (;;) {
        await wait(clock, leaseMs / 3, stop, true)
        if (stop.aborted) return
        await store.renew(key, owner, leaseMs).catch(told('renewing the claim of an event'))
      }
    }
  }
}
