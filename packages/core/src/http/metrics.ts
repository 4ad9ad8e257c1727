import type { SubscriptionState } from '../consume/subscription.ts'
import { BROADCAST } from '../spi/topics.ts'
import type { GroupStats, Stats, TopicStats } from '../stats.ts'
import type { Metric, Sample } from './exposition.ts'

type Row<Of> = readonly [name: string, type: Metric['type'], help: string, value: (of: Of) => number | undefined]

const ofTopics: readonly Row<TopicStats>[] = [
  ['published_events_total', 'counter', 'Events that this process has published.', ({ published }) => published],
  ['failed_publishes_total', 'counter', 'Events that are not, or perhaps not, stored.', (of) => of.failedPublishes],
  ['lost_events_total', 'counter', 'Events removed before every group had handled them, at most.', ({ lost }) => lost],
]

const ofGroups: readonly Row<GroupStats>[] = [
  ['delivered_events_total', 'counter', 'Starts of handlers in this process.', (of) => of.counters.delivered],
  ['succeeded_events_total', 'counter', 'Events handled in this process.', (of) => of.counters.succeeded],
  ['failed_starts_total', 'counter', 'Starts of handlers that failed.', (of) => of.counters.failed],
  ['retried_events_total', 'counter', 'Failures after which the event is handled again.', (of) => of.counters.retried],
  ['dead_lettered_events_total', 'counter', 'Events dead-lettered by this process.', (of) => of.counters.deadLettered],
  ['given_up_events_total', 'counter', 'Events that failed for good, without a copy.', (of) => of.counters.givenUp],
  ['duplicate_events_total', 'counter', 'Events that had been handled already.', (of) => of.counters.duplicates],
  ['in_flight_events', 'gauge', 'Events in the hands of this process.', ({ inFlight }) => inFlight],
  ['group_lag_events', 'gauge', 'Events that no member of the group was given yet.', ({ lag }) => lag],
  ['group_pending_events', 'gauge', 'Events that members of the group have in hand.', ({ pending }) => pending],
  ['group_delayed_events', 'gauge', 'Events published with a delay that are not due yet.', ({ delayed }) => delayed],
  ['group_retry_events', 'gauge', 'Events that wait to be handled by the group again.', ({ retries }) => retries],
  ['group_oldest_pending_seconds', 'gauge', 'Age of the oldest event not settled by the group.', oldestSeconds],
  ['dead_letters', 'gauge', 'Dead letters that are neither redriven nor discarded.', ({ deadLetters }) => deadLetters],
]

const statuses: readonly SubscriptionState['status'][] = ['ready', 'joining', 'failing']

/** What `getStats()` tells, by the names that Prometheus likes. */
export function metricsOf({ adapter, isHealthy, topics, groups, subscriptions }: Stats): Metric[] {
  return [
    {
      name: 'bus_up',
      type: 'gauge',
      help: 'Whether the backend answers and no subscription has failed.',
      samples: [{ labels: { adapter }, value: isHealthy ? 1 : 0 }],
    },
    {
      name: 'bus_subscriptions',
      type: 'gauge',
      help: 'Subscriptions of this process by state.',
      samples: statuses.map((status) => ({
        labels: { status },
        value: subscriptions.filter((one) => one.status === status).length,
      })),
    },
    ...rowsOf(ofTopics, topics, ({ topic }) => ({ topic })),
    ...rowsOf(ofGroups, groups, ({ topic, consumerGroup = BROADCAST }) => ({ topic, group: consumerGroup })),
  ]
}

function rowsOf<Of>(rows: readonly Row<Of>[], all: readonly Of[], labels: (of: Of) => Sample['labels']): Metric[] {
  return rows.map(([name, type, help, value]) => ({
    name: `bus_${name}`,
    type,
    help,
    samples: all.map((one) => ({ labels: labels(one), value: value(one) })),
  }))
}

function oldestSeconds({ oldestPendingMs }: GroupStats): number | undefined {
  return oldestPendingMs === undefined ? undefined : oldestPendingMs / 1_000
}
