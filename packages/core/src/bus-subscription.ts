import type { TopicCounters } from './consume/counters.ts'
import type { ConsumeHost } from './consume/host.ts'
import { idempotency } from './consume/idempotency.ts'
import type { PlacedMiddleware } from './consume/middleware.ts'
import type { SubscriptionOptions } from './consume/options.ts'
import { assertPattern, isPattern } from './consume/pattern.ts'
import { startOf } from './consume/start-of.ts'
import { assertNoLoop, type SubscriptionPolicy, subscriptionPolicy } from './consume/subscription-policy.ts'
import { attachedDefaults, type EventBusOptions } from './bus-options.ts'
import { ConfigInvalidError } from './errors.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
import type { StartFrom } from './spi/consume.ts'
import { assertTopic } from './spi/topics.ts'

/** What a call of `subscribe` comes to, before anything is done. @throws ConfigInvalidError, TopicInvalidError */
export function checkedSubscription(
  adapter: EventBusAdapter,
  { defaultSubscriptionOptions }: Pick<EventBusOptions, 'defaultSubscriptionOptions'>,
  topic: string,
  handler: unknown,
  options: SubscriptionOptions,
): { readonly policy: SubscriptionPolicy; readonly startFrom: StartFrom } {
  if (isPattern(topic)) assertPattern(topic)
  else assertTopic(topic)
  if (typeof handler !== 'function')
    throw new ConfigInvalidError([{ name: 'handler', problem: `${String(handler)} is not a function` }])
  const policy = subscriptionPolicy(options, defaultSubscriptionOptions, attachedDefaults(adapter))
  assertNoLoop(topic, policy)
  return { policy, startFrom: startOf(options.startFrom) }
}

/** What a subscription asks for that works as middleware. */
export function ownMiddleware(
  host: ConsumeHost,
  { idempotency: options }: SubscriptionPolicy,
  counters: TopicCounters,
): readonly PlacedMiddleware[] {
  return options === undefined ? [] : [{ place: 'idempotency', handle: idempotency(host, options, counters) }]
}
