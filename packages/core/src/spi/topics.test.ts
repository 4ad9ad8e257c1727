import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TopicInvalidError } from '../errors.ts'
import {
  assertGroup,
  assertPublishableTopic,
  assertTopic,
  deadLetterTopicOf,
  delayedTopicOf,
  derivedTopic,
  isInternalTopic,
  parentTopicOf,
  retryTopicOf,
} from './topics.ts'

const letters = fc.constantFrom(...'abcXYZ019._-'.split(''))
const topics = fc
  .string({ unit: letters, minLength: 1, maxLength: 20 })
  .filter((topic) => topic !== '.' && topic !== '..' && !topic.startsWith('__') && derivedTopic(topic) === undefined)
const groups = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019_-'.split('')), minLength: 1, maxLength: 20 })
  .filter((group) => group !== 'broadcast')

describe('derived topics', () => {
  it('are named after their topic and group', () => {
    expect(retryTopicOf('orders.placed', 'billing')).toBe('orders.placed.billing.retry')
    expect(deadLetterTopicOf('orders.placed', 'billing')).toBe('orders.placed.billing.dlq')
    expect(deadLetterTopicOf('orders.placed', undefined)).toBe('orders.placed.broadcast.dlq')
    expect(delayedTopicOf('orders.placed')).toBe('orders.placed.delayed')
  })

  it.each([
    ['orders.billing.retry', { kind: 'retry', parent: 'orders', group: 'billing' }],
    ['orders.placed.billing.dlq', { kind: 'dlq', parent: 'orders.placed', group: 'billing' }],
    ['orders.broadcast.dlq', { kind: 'dlq', parent: 'orders', group: 'broadcast' }],
    ['orders.delayed', { kind: 'delayed', parent: 'orders' }],
    ['orders.billing.dlq.ops.retry', { kind: 'retry', parent: 'orders.billing.dlq', group: 'ops' }],
    ['orders.billing.retry.delayed', { kind: 'delayed', parent: 'orders.billing.retry' }],
    ['orders', undefined],
    ['orders.retry', undefined],
    ['orders.dlq', undefined],
    ['retry', undefined],
    ['.delayed', undefined],
    ['orders.failed', undefined],
    ['orders.billing.retried', undefined],
  ])('are told from ordinary ones: %s', (topic, expected) => {
    expect(derivedTopic(topic)).toEqual(expected)
  })

  it('lead back to what they were derived from, through any number of steps', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('retry', 'dlq', 'broadcast', 'delayed'), groups), { maxLength: 4 })
    fc.assert(
      fc.property(topics, steps, (topic, path) => {
        let derived = topic
        for (const [kind, group] of path) {
          if (kind === 'retry') derived = retryTopicOf(derived, group)
          else if (kind === 'delayed') derived = delayedTopicOf(derived)
          else derived = deadLetterTopicOf(derived, kind === 'dlq' ? group : undefined)
        }
        expect(parentTopicOf(derived)).toBe(topic)
      }),
    )
  })

  it('say for whom they were derived', () => {
    fc.assert(
      fc.property(topics, groups, (topic, group) => {
        expect(derivedTopic(retryTopicOf(topic, group))).toEqual({ kind: 'retry', parent: topic, group })
        expect(derivedTopic(deadLetterTopicOf(topic, group))).toEqual({ kind: 'dlq', parent: topic, group })
      }),
    )
  })
})

describe('topic names', () => {
  it.each(['a', 'orders.placed', 'A-b_c.1', '_one', '...', 'x'.repeat(180), 'orders.billing.dlq'])(
    '%s is one',
    (topic) => {
      expect(() => assertTopic(topic)).not.toThrow()
    },
  )

  const wrong = ['', '.', '..', '__x', '__consumer_offsets', 'a b', 'a/b', 'a:b', 'ä', 'a*', 'a\n', 'x'.repeat(181)]
  it.each([...wrong, undefined, null, 7, ['a']])('%j is none, and is shown', (topic) => {
    expect(() => assertTopic(topic as string)).toThrow(TopicInvalidError)
    expect(() => assertTopic(topic as string)).toThrow(`${JSON.stringify(topic)} is not a topic name`)
  })

  it('may be subscribed to, and not published to, where they are derived', () => {
    for (const topic of ['orders.billing.retry', 'orders.billing.dlq', 'orders.broadcast.dlq', 'orders.delayed']) {
      expect(() => assertTopic(topic)).not.toThrow()
      expect(() => assertPublishableTopic(topic)).toThrow(/derived from "orders"/)
    }
    expect(() => assertPublishableTopic('orders.failed')).not.toThrow()
    expect(() => assertPublishableTopic('')).toThrow(TopicInvalidError)
  })

  it('fit the strictest backend once the longest names are derived from them', () => {
    expect(retryTopicOf('x'.repeat(180), 'g'.repeat(60)).length).toBeLessThanOrEqual(249)
    expect(deadLetterTopicOf('x'.repeat(180), 'g'.repeat(60)).length).toBeLessThanOrEqual(249)
  })

  it('allow the dead letters of every topic and group to be subscribed to', () => {
    expect(() => assertTopic(deadLetterTopicOf('x'.repeat(180), 'g'.repeat(60)))).not.toThrow()
  })
})

describe('group names', () => {
  it.each(['a', 'order-processors', 'A_1', 'g'.repeat(60)])('%s is one', (group) => {
    expect(() => assertGroup(group)).not.toThrow()
  })

  it.each(['', 'a.b', 'a b', 'broadcast', 'ü', 'g'.repeat(61), undefined, 7])('%j is none, and is shown', (group) => {
    expect(() => assertGroup(group as string)).toThrow(TopicInvalidError)
  })
})

describe('internal topics', () => {
  it('begin with two underscores', () => {
    expect([isInternalTopic('__pattern.x'), isInternalTopic('_x'), isInternalTopic('x__')]).toEqual([
      true,
      false,
      false,
    ])
  })
})
