import { describe, expect, it } from 'vitest'
import { defaults } from '../defaults.ts'
import { ConfigInvalidError, TopicInvalidError } from '../errors.ts'
import type { SubscriptionOptions } from './options.ts'
import { assertNoLoop, subscriptionPolicy } from './subscription-policy.ts'

function problems(options: SubscriptionOptions): string[] {
  try {
    subscriptionPolicy(options)
  } catch (error) {
    if (error instanceof ConfigInvalidError) return error.issues.map(({ name }) => name)
    throw error
  }
  return []
}

describe('subscriptionPolicy', () => {
  it('has the documented defaults', () => {
    expect(subscriptionPolicy({})).toEqual({
      consumerGroup: undefined,
      maxRetries: 3,
      useDLQ: false,
      dlqTopic: undefined,
      autoAck: true,
      concurrency: 1,
      timeoutMs: undefined,
      ordered: true,
      prefetch: 256,
      maxDeliveries: 5,
      types: undefined,
      includeDeadLetters: false,
      retry: { initialDelayMs: 200, factor: 2, maxDelayMs: 30_000, jitter: 0.2, holdUpToMs: 5_000 },
    })
    expect(defaults.prefetchBytes).toBe(16 * 1024 * 1024)
    expect(defaults.maxPayloadBytes).toBe(900 * 1024)
  })

  it.each<[object, string, string]>([
    [{ maxRetrys: 3 }, 'maxRetrys', 'is maxRetries meant?'],
    [{ retry: { intialDelayMs: 3 } }, 'retry.intialDelayMs', 'is initialDelayMs meant?'],
    [{ useDlq: true }, 'useDlq', 'is useDLQ meant?'],
    [{ colour: 'red' }, 'colour', 'known are consumerGroup, '],
    [{ dlqTopic: 'graveyard' }, 'dlqTopic', 'without useDLQ'],
  ])('refuses %j, which would be ignored otherwise', (options, name, problem) => {
    expect(problems(options)).toEqual([name])
    expect(() => subscriptionPolicy(options)).toThrow(problem)
  })

  it('takes dlqTopic where somebody has said whether it is used, or settles by hand', () => {
    expect(problems({ dlqTopic: 'graveyard', useDLQ: false })).toEqual([])
    expect(problems({ dlqTopic: 'graveyard', autoAck: false })).toEqual([])
    expect(() => subscriptionPolicy({ dlqTopic: 'graveyard' }, { useDLQ: true })).not.toThrow()
  })

  it('takes each option from the most particular place that has it', () => {
    const policy = subscriptionPolicy(
      { maxRetries: 1, consumerGroup: undefined },
      { maxRetries: 2, useDLQ: true, consumerGroup: 'bus' },
      undefined,
      { maxRetries: 9, useDLQ: false, concurrency: 4, consumerGroup: 'adapter' },
    )
    expect(policy).toMatchObject({ maxRetries: 1, useDLQ: true, concurrency: 4, consumerGroup: 'bus', autoAck: true })
  })

  it('takes values that are false or zero as said', () => {
    const policy = subscriptionPolicy(
      { maxRetries: 0, useDLQ: false, autoAck: false, ordered: false },
      { maxRetries: 5, useDLQ: true, autoAck: true, ordered: true },
    )
    expect(policy).toMatchObject({ maxRetries: 0, useDLQ: false, autoAck: false, ordered: false })
  })

  it('merges the settings of retry one by one', () => {
    const policy = subscriptionPolicy({ retry: { factor: 3 } }, { retry: { factor: 9, jitter: 0 } })
    expect(policy.retry).toEqual({ initialDelayMs: 200, factor: 3, maxDelayMs: 30_000, jitter: 0, holdUpToMs: 5_000 })
  })

  it('takes types from the subscription alone', () => {
    expect([...(subscriptionPolicy({ types: ['a', 'b', 'a'] }).types ?? [])]).toEqual(['a', 'b'])
  })

  it('tells everything that is wrong at once', () => {
    const wrong = {
      maxRetries: -1,
      concurrency: 0,
      prefetch: 1.5,
      maxDeliveries: 0,
      timeoutMs: 0,
      retry: { initialDelayMs: -1, factor: 0.5, maxDelayMs: Number.NaN, jitter: -0.1, holdUpToMs: -1 },
    }
    expect(problems(wrong)).toEqual([
      'maxRetries',
      'concurrency',
      'prefetch',
      'maxDeliveries',
      'timeoutMs',
      'retry.initialDelayMs',
      'retry.factor',
      'retry.maxDelayMs',
      'retry.jitter',
      'retry.holdUpToMs',
    ])
  })

  it.each<[string, SubscriptionOptions]>([
    ['maxRetries', { maxRetries: Number.POSITIVE_INFINITY }],
    ['maxRetries', { maxRetries: '3' as unknown as number }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['retry.jitter', { retry: { jitter: 1.5 } }],
    ['useDLQ', { useDLQ: 'yes' as unknown as boolean }],
    ['autoAck', { autoAck: 0 as unknown as boolean }],
    ['ordered', { ordered: 'false' as unknown as boolean }],
  ])('refuses a wrong %s: %j', (name, options) => {
    expect(problems(options)).toEqual([name])
  })

  it('refuses names that no backend takes', () => {
    expect(() => subscriptionPolicy({ consumerGroup: 'a.b' })).toThrow(TopicInvalidError)
    expect(() => subscriptionPolicy({ consumerGroup: '' })).toThrow(TopicInvalidError)
    expect(() => subscriptionPolicy({}, { consumerGroup: 'broadcast' })).toThrow(TopicInvalidError)
    expect(() => subscriptionPolicy({ dlqTopic: 'no topic', useDLQ: true })).toThrow(TopicInvalidError)
  })
})

describe('assertNoLoop', () => {
  it('refuses what would dead-letter its own dead letters', () => {
    const refused = (topic: string, options: SubscriptionOptions): boolean => {
      try {
        assertNoLoop(topic, subscriptionPolicy(options))
        return false
      } catch (error) {
        return error instanceof ConfigInvalidError
      }
    }
    expect(refused('*', { includeDeadLetters: true, useDLQ: true })).toBe(true)
    expect(refused('orders.*', { includeDeadLetters: true, useDLQ: true, dlqTopic: 'lost' })).toBe(false)
    expect(refused('*', { includeDeadLetters: true, useDLQ: true, dlqTopic: 'lost' })).toBe(true)
    expect(refused('*', { includeDeadLetters: true })).toBe(false)
    expect(refused('orders.g.dlq', { useDLQ: true })).toBe(false)
  })
})
