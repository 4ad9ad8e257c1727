import type { Bug } from './bug.ts'

const failures = 'consume/failures.ts'

/** Of handlers, verdicts, copies and publishing. */
export const failureBugs: readonly Bug[] = [
  {
    name: 'acknowledges before the copy is stored',
    file: 'failure/settle.ts',
    from: 'await host.publish([copy])',
    to: 'await delivery.ack()\n        await host.publish([copy])',
  },
  {
    name: 'acknowledges although the copy was not stored',
    file: 'failure/settle.ts',
    from: 'host.copyFailed(error)',
    to: 'break',
  },
  {
    name: 'a copy is not tried again',
    file: 'failure/settle.ts',
    from: 'host.copyFailed(error)',
    to: "return 'settled'",
  },
  { name: 'the attempt is not counted on', file: failures, from: 'job.attempt++', to: '' },
  {
    name: 'back-off is one step short',
    file: 'failure/backoff.ts',
    from: 'factor ** (failures - 1)',
    to: 'factor ** (failures - 2)',
  },
  {
    name: 'back-off is one step long',
    file: 'failure/backoff.ts',
    from: 'factor ** (failures - 1)',
    to: 'factor ** failures',
  },
  { name: 'jitter shortens', file: 'failure/backoff.ts', from: '(1 + jitter * chance)', to: '(1 - jitter * chance)' },
  {
    name: 'a retry copy does not say which attempt it is',
    file: 'failure/copies.ts',
    from: '[header.attempt]: String(failure.attempts + 1),',
    to: '',
  },
  {
    name: 'a retry copy repeats the attempt',
    file: 'failure/copies.ts',
    from: 'failure.attempts + 1',
    to: 'failure.attempts',
  },
  { name: 'a retry copy is due at once', file: 'failure/copies.ts', from: '{ notBefore },', to: '{},' },
  {
    name: 'a dead letter tells the last failure for the first',
    file: failures,
    from: 'job.firstFailureAt ??= now',
    to: 'job.firstFailureAt = now',
  },
  {
    name: 'a failed event with a key is deferred',
    file: 'failure/policy.ts',
    from: 'if (!grouped || blocksKey) return true',
    to: 'if (!grouped) return true',
  },
  { name: 'what waits long waits in hand', file: 'failure/policy.ts', from: '&& delayMs <= retry.holdUpToMs', to: '' },
  {
    name: 'one retry too many',
    file: 'failure/policy.ts',
    from: 'situation.attempt > policy.maxRetries',
    to: 'situation.attempt > policy.maxRetries + 1',
  },
  {
    name: 'one retry too few',
    file: 'failure/policy.ts',
    from: 'situation.attempt > policy.maxRetries',
    to: 'situation.attempt >= policy.maxRetries',
  },
  {
    name: 'one death too many',
    file: 'failure/policy.ts',
    from: 'redeliveries >= policy.maxDeliveries',
    to: 'redeliveries > policy.maxDeliveries',
  },
  {
    name: 'one death too few',
    file: 'failure/policy.ts',
    from: 'redeliveries >= policy.maxDeliveries',
    to: 'redeliveries + 1 >= policy.maxDeliveries',
  },
  {
    name: 'a copy begins to count deaths anew',
    file: 'consume/job.ts',
    from: ' + (count(headers[header.deaths]) ?? 0)',
    to: '',
  },
  {
    name: 'a dead letter that cannot be read dies again',
    file: 'consume/attempt.ts',
    from: 'if (route.skipDeadLetters && job',
    to: 'decode(job)\n  if (route.skipDeadLetters && job',
  },
  {
    name: 'a handler starts when its payload was checked too late',
    file: 'consume/attempt.ts',
    from: "if (route.signal.aborted) throw new Unhandleable('invalid', route.signal.reason)",
    to: '',
  },
  {
    name: 'useDLQ is forgotten',
    file: 'failure/policy.ts',
    from: "kind: useDLQ ? 'bury' : 'giveUp'",
    to: "kind: 'giveUp'",
  },
  {
    name: 'what is given up is not acknowledged',
    file: failures,
    from: "await job.delivery.ack().catch((error: unknown) => this.#report(error, 'acknowledging'))\n    this.#host.done(job)",
    to: 'this.#host.done(job)',
  },
  {
    name: 'what is given up is acknowledged twice as done',
    file: failures,
    from: 'counters.givenUp++',
    to: 'counters.givenUp++\n    counters.succeeded++',
  },
  {
    name: 'an acknowledgement after the timeout counts',
    file: 'consume/attempt.ts',
    from: "if (call === 'ack' && this.#overdue?.aborted === true) throw this.#overdue.reason as Error",
    to: '',
  },
  {
    name: 'a handler that is late has no grace',
    file: 'consume/attempt.ts',
    from: 'cancel = clock.timer(timeoutMs, () => fail(overdue.signal.reason))',
    to: 'fail(overdue.signal.reason)',
  },
  {
    name: 'a handler that ends late counts as done',
    file: 'consume/attempt.ts',
    from: 'if (overdue.signal.aborted) reject(overdue.signal.reason as Error)\n      else resolve()',
    to: 'resolve()',
  },
  {
    name: 'types are not looked at',
    file: 'consume/attempt.ts',
    from: 'if (types !== undefined && !types.has(event.type)) return passedOver',
    to: '',
  },
  {
    name: 'publish() resolves when it has only been sent',
    file: 'publish.ts',
    from: 'if (signal === undefined) return adapter.publish(messages)',
    to: 'if (signal === undefined) return void adapter.publish(messages).catch(() => {})',
  },
  {
    name: 'what a handler publishes does not name its cause',
    file: 'publish.ts',
    from: "metadata['causationId'] = eventId",
    to: '',
  },
  { name: 'a retry begins at one again', file: 'consume/job.ts', from: 'count(headers[header.attempt]) ?? 1', to: '1' },
]
