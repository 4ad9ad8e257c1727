import type { BatchObservableCallback, Attributes } from '@opentelemetry/api'
import type { EventBus } from '@bus/core'
import { attribute, known } from './attributes.ts'
import type { Instruments } from './instruments.ts'

/** What `bus.getStats()` tells whenever metrics are collected. Returns what ends it. */
export function gauges(
  bus: Pick<EventBus, 'getStats'>,
  { meter, ...all }: Instruments,
  common: Attributes,
): () => void {
  const { inFlight, subscriptions, healthy, lag, pending, retriesWaiting, oldestPending, deadLettersWaiting } = all
  const observe: BatchObservableCallback = async (result) => {
    const { groups, isHealthy, activeSubscriptions } = await bus.getStats()
    result.observe(healthy, isHealthy ? 1 : 0, common)
    result.observe(subscriptions, activeSubscriptions, common)
    for (const { topic, consumerGroup, oldestPendingMs, ...group } of groups) {
      const about = known({ ...common, [attribute.destination]: topic, [attribute.consumerGroup]: consumerGroup })
      result.observe(inFlight, group.inFlight, about)
      const figures = [
        [lag, group.lag],
        [pending, group.pending],
        [retriesWaiting, group.retries],
        [oldestPending, oldestPendingMs === undefined ? undefined : oldestPendingMs / 1_000],
        [deadLettersWaiting, group.deadLetters],
      ] as const
      // What could not be asked is left out rather than told as nought.
      for (const [gauge, value] of figures) if (value !== undefined) result.observe(gauge, value, about)
    }
  }
  const observed = [inFlight, subscriptions, healthy, lag, pending, retriesWaiting, oldestPending, deadLettersWaiting]
  meter.addBatchObservableCallback(observe, observed)
  return () => meter.removeBatchObservableCallback(observe, observed)
}
