import type { Subscription, SubscriptionState } from './consume/subscription.ts'
import { defaults } from './defaults.ts'
import { TimeoutError } from './errors.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
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
  /** Live, and every subscription delivers: none is joining its group. */
  readonly ready: boolean
  readonly adapter: AdapterHealth
  readonly subscriptions: readonly SubscriptionState[]
}

/** A round trip with a deadline of two seconds, and what the subscriptions say of themselves. */
export async function health(
  adapter: EventBusAdapter,
  clock: Clock,
  subscriptions: Iterable<Subscription>,
): Promise<Health> {
  const states = [...subscriptions].map(({ state }) => state)
  const ping = await roundTrip(adapter, clock)
  const live = ping.healthy && states.every(({ status }) => status !== 'failing')
  return { live, ready: live && states.every(({ status }) => status === 'ready'), adapter: ping, subscriptions: states }
}

async function roundTrip(adapter: EventBusAdapter, clock: Clock): Promise<AdapterHealth> {
  const { name } = adapter
  const started = clock.now()
  const deadline = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.timer(defaults.pingTimeoutMs, () => {
        const error = new TimeoutError(`The round trip to "${name}"`, defaults.pingTimeoutMs)
        deadline.abort(error)
        reject(error)
      })
      adapter.ping(deadline.signal).then(resolve, reject).finally(cancel)
    })
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
