import { describe, expect, it } from 'vitest'
import { end, type FailurePolicy, judge, judgeCrashes, type Situation } from './policy.ts'
import { NonRetryableError, RetryAfterError } from './signals.ts'

const policy: FailurePolicy = {
  maxRetries: 3,
  useDLQ: true,
  maxDeliveries: 5,
  retry: { initialDelayMs: 200, factor: 2, maxDelayMs: 30_000, jitter: 0, holdUpToMs: 1_000 },
}
const first: Situation = { attempt: 1, blocksKey: false, unordered: false, grouped: true, crowded: false, chance: 0 }
const error = new Error('boom')
const keyed = { blocksKey: true }
const free = { unordered: true }
const alone = { grouped: false }
const crowded = { crowded: true }
const slow = new RetryAfterError(60_000)
const foreign = Object.assign(new Error('from another copy of the package'), { name: 'NonRetryableError' })

type Row = readonly [string, unknown, Partial<Situation>, Partial<FailurePolicy>, unknown]

const rows: readonly Row[] = [
  ['first failure', error, {}, {}, { kind: 'hold', delayMs: 200 }],
  ['second failure', error, { attempt: 2 }, {}, { kind: 'hold', delayMs: 400 }],
  ['last retry', error, { attempt: 3 }, {}, { kind: 'hold', delayMs: 800 }],
  ['retries used up', error, { attempt: 4 }, {}, { kind: 'bury', reason: 'exhausted' }],
  ['retries used up, no queue', error, { attempt: 4 }, { useDLQ: false }, { kind: 'giveUp', reason: 'exhausted' }],
  ['more starts than allowed, after a crash', error, { attempt: 9 }, {}, { kind: 'bury', reason: 'exhausted' }],
  ['no retries wanted', error, {}, { maxRetries: 0 }, { kind: 'bury', reason: 'exhausted' }],
  [
    'no retries wanted, whatever the handler asks',
    new RetryAfterError(5),
    {},
    { maxRetries: 0 },
    { kind: 'bury', reason: 'exhausted' },
  ],
  ['rejected', new NonRetryableError('no'), {}, {}, { kind: 'bury', reason: 'rejected' }],
  ['rejected, no queue', new NonRetryableError('no'), {}, { useDLQ: false }, { kind: 'giveUp', reason: 'rejected' }],
  ['rejected by another copy of the package', foreign, {}, {}, { kind: 'bury', reason: 'rejected' }],
  ['rejected at the last start', new NonRetryableError('no'), { attempt: 4 }, {}, { kind: 'bury', reason: 'rejected' }],
  ['asked for a time', new RetryAfterError(700), {}, {}, { kind: 'hold', delayMs: 700 }],
  ['asked for no time', new RetryAfterError(0), { attempt: 3 }, {}, { kind: 'hold', delayMs: 0 }],
  ['asked for a long time', slow, {}, {}, { kind: 'defer', delayMs: 60_000 }],
  ['asked for a long time, retries used up', slow, { attempt: 4 }, {}, { kind: 'bury', reason: 'exhausted' }],
  ['exactly as long as may be held', new RetryAfterError(1_000), {}, {}, { kind: 'hold', delayMs: 1_000 }],
  ['a moment longer', new RetryAfterError(1_001), {}, {}, { kind: 'defer', delayMs: 1_001 }],
  ['nothing is held', error, {}, { retry: { ...policy.retry, holdUpToMs: 0 } }, { kind: 'defer', delayMs: 200 }],
  ['crowded', error, crowded, {}, { kind: 'defer', delayMs: 200 }],
  ['keyed', error, keyed, {}, { kind: 'hold', delayMs: 200 }],
  ['keyed, a long time', slow, keyed, {}, { kind: 'hold', delayMs: 60_000 }],
  ['keyed, crowded', error, { ...keyed, ...crowded }, {}, { kind: 'hold', delayMs: 200 }],
  ['keyed, retries used up', error, { ...keyed, attempt: 4 }, {}, { kind: 'bury', reason: 'exhausted' }],
  ['unordered', error, free, {}, { kind: 'defer', delayMs: 200 }],
  ['unordered, no group', error, { ...free, ...alone }, {}, { kind: 'hold', delayMs: 200 }],
  ['no group', error, alone, {}, { kind: 'hold', delayMs: 200 }],
  ['no group, a long time', slow, alone, {}, { kind: 'hold', delayMs: 60_000 }],
  ['no group, crowded', error, { ...alone, ...crowded }, {}, { kind: 'hold', delayMs: 200 }],
  ['a time that is none', new RetryAfterError(Number.NaN), { attempt: 2 }, {}, { kind: 'hold', delayMs: 400 }],
  ['a time without end', new RetryAfterError(Number.POSITIVE_INFINITY), {}, {}, { kind: 'hold', delayMs: 200 }],
  ['a time in the past', new RetryAfterError(-5_000), {}, {}, { kind: 'hold', delayMs: 0 }],
  ['a time as text', new RetryAfterError('7' as unknown as number), {}, {}, { kind: 'hold', delayMs: 200 }],
  ['nothing thrown', undefined, {}, {}, { kind: 'hold', delayMs: 200 }],
  ['text thrown', 'boom', { attempt: 4 }, {}, { kind: 'bury', reason: 'exhausted' }],
]

describe('judge', () => {
  it.each(rows)('%s', (_name, thrown, situation, changes, verdict) => {
    expect(judge(thrown, { ...policy, ...changes }, { ...first, ...situation })).toEqual(verdict)
  })

  it('lengthens computed delays by chance, and asked ones never', () => {
    const jittery = { ...policy, retry: { ...policy.retry, jitter: 0.5 } }
    expect(judge(error, jittery, { ...first, chance: 0.5 })).toEqual({ kind: 'hold', delayMs: 250 })
    expect(judge(new RetryAfterError(700), jittery, { ...first, chance: 0.5 })).toEqual({ kind: 'hold', delayMs: 700 })
  })
})

describe('judgeCrashes', () => {
  it.each([
    [0, true, undefined],
    [4, true, undefined],
    [5, true, { kind: 'bury', reason: 'crashed' }],
    [6, false, { kind: 'giveUp', reason: 'crashed' }],
  ])('%i deaths of its process, dead letter queue: %s', (redeliveries, useDLQ, verdict) => {
    expect(judgeCrashes(redeliveries, { ...policy, useDLQ })).toEqual(verdict)
  })
})

describe('end', () => {
  it.each(['exhausted', 'rejected', 'unreadable', 'invalid', 'crashed'] as const)('%s', (reason) => {
    expect(end(reason, { useDLQ: true })).toEqual({ kind: 'bury', reason })
    expect(end(reason, { useDLQ: false })).toEqual({ kind: 'giveUp', reason })
  })
})
