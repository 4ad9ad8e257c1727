import type { Counter, Histogram, Meter, ObservableGauge, ObservableUpDownCounter } from '@opentelemetry/api'

/** All that is measured. The first four are those of the semantic conventions for messaging metrics. */
export interface Instruments {
  readonly meter: Meter
  readonly sent: Counter
  readonly operationDuration: Histogram
  readonly consumed: Counter
  readonly processDuration: Histogram
  readonly retries: Counter
  readonly deadLetters: Counter
  readonly givenUp: Counter
  readonly lost: Counter
  readonly inFlight: ObservableUpDownCounter
  readonly subscriptions: ObservableUpDownCounter
  readonly healthy: ObservableGauge
  readonly lag: ObservableGauge
  readonly pending: ObservableGauge
  readonly retriesWaiting: ObservableGauge
  readonly oldestPending: ObservableGauge
  readonly deadLettersWaiting: ObservableGauge
}

// Seconds; recommended by the conventions.
const explicitBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export function instruments(meter: Meter): Instruments {
  const events = (name: string, description: string): Counter =>
    meter.createCounter(name, { description, unit: '{event}' })
  const messages = (name: string, description: string): Counter =>
    meter.createCounter(name, { description, unit: '{message}' })
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } })
  const level = (name: string, unit: string, description: string): ObservableUpDownCounter =>
    meter.createObservableUpDownCounter(name, { description, unit })
  const gauge = (name: string, unit: string, description: string): ObservableGauge =>
    meter.createObservableGauge(name, { description, unit })
  return {
    meter,
    sent: messages('messaging.client.sent.messages', 'Events that were published, or failed to be.'),
    operationDuration: seconds('messaging.client.operation.duration', 'Time until publish() settled.'),
    consumed: messages('messaging.client.consumed.messages', 'Starts of handlers.'),
    processDuration: seconds('messaging.process.duration', 'Time that a start of a handler took.'),
    retries: events('bus.retries', 'Failed starts after which the event is handled again.'),
    deadLetters: events('bus.dead_letters', 'Events whose copy was stored in a dead letter topic.'),
    givenUp: events('bus.given_up', 'Events that were given up: there is no dead letter queue.'),
    lost: events('bus.lost', 'Events that the backend removed before every group had handled them, at most.'),
    inFlight: level('bus.in_flight', '{event}', 'Events in the hands of this process.'),
    subscriptions: level('bus.subscriptions', '{subscription}', 'Subscriptions of this process.'),
    healthy: gauge('bus.healthy', '1', '1: the backend answers and no subscription has failed; otherwise 0.'),
    lag: gauge('bus.lag', '{event}', 'Events that no member of the group was given yet.'),
    pending: gauge('bus.pending', '{event}', 'Events that some member of the group has in hand.'),
    retriesWaiting: gauge('bus.retries.waiting', '{event}', 'Events that wait in the retry topic of the group.'),
    oldestPending: gauge('bus.oldest_pending', 's', 'Age of the oldest event that the group has not settled.'),
    deadLettersWaiting: gauge('bus.dead_letters.waiting', '{event}', 'Dead letters neither redriven nor discarded.'),
  }
}
