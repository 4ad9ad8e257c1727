import type { Subscription, SubscriptionState } from './consume/subscription.ts'
import { defaults } from './defaults.ts'
import { TimeoutError } from './errors.ts'
import type { Durability, EventBusAdapter } from './spi/adapter.ts'
import type { Clock } from './util/clock.ts'

export interface AdapterHealth {
  readonly name: string
  readonly healthy: boolean
  /** Of the round trip, in milliseconds. */
  readonly latencyMs: number
  readonly reason?: string | undefined
}

export interface Health {
  /** The backend answers and no subscription has failed. */
  readonly live: boolean
  /** Live, every subscription delivers (none is joining its group), and the bus is not closing. */
  readonly ready: boolean
  readonly adapter: AdapterHealth
  /** What an event survives once `publish()` has resolved; `undefined` if the adapter does not say. */
  readonly durability: Durability | undefined
  readonly subscriptions: readonly SubscriptionState[]
}

/** A round trip with a deadline of two seconds, and what the subscriptions say of themselves. */
export async function health(
  adapter: EventBusAdapter,
  clock: Clock,
  subscriptions: Iterable<Subscription>,
): Promise<Health> {
  const states = [...subscriptions].map(({ state }) => state)
  const [ping, durability] = await Promise.all([roundTrip(adapter, clock), durabilityOf(adapter, clock)])
  const live = ping.healthy && states.every(({ status }) => status !== 'failing')
  return {
    live,
    ready: live && states.every(({ status }) => status === 'ready'),
    adapter: ping,
    durability,
    subscriptions: states,
  }
}

async function roundTrip(adapter: EventBusAdapter, clock: Clock): Promise<AdapterHealth> {
  const { name } = adapter
  const started = clock.now()
  try {
    await inTime(`The round trip to "${name}"`, clock, (signal) => adapter.ping(signal))
    return { name, healthy: true, latencyMs: clock.now() - started }
  } catch (error) {
    return {
      name,
      healthy: false,
      latencyMs: clock.now() - started,
      reason: error instanceof Error ? error.message : String(error),
    }
  }
}

async function durabilityOf(adapter: EventBusAdapter, clock: Clock): Promise<Durability | undefined> {
  try {
    return await inTime('The question', clock, async (signal) => adapter.durability?.(signal))
  } catch {
    // Why it does not answer is told by the round trip.
    return undefined
  }
}

/** What `ask` resolves with, within the time of a round trip. @throws TimeoutError */
export async function inTime<Value>(
  what: string,
  clock: Clock,
  ask: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const deadline = new AbortController()
  return await new Promise<Value>((resolve, reject) => {
    const cancel = clock.timer(defaults.pingTimeoutMs, () => {
      const error = new TimeoutError(what, defaults.pingTimeoutMs)
      deadline.abort(error)
      reject(error)
    })
    ask(deadline.signal).then(resolve, reject).finally(cancel)
  })
}
