import { describe, expect, it } from 'vitest'
import { TopicInvalidError } from '../errors.ts'
import { assertPattern, isPattern, markTopicOf, matcher } from './pattern.ts'

const topics = [
  'orders',
  'orders.placed',
  'orders.paid.eu',
  'ordersXplaced',
  'payments',
  'orders.billing.retry',
  'orders.billing.dlq',
  'orders.broadcast.dlq',
  'orders.delayed',
  'orders.billing.dlq.ops.retry',
  '__pattern.orders',
  '__consumer_offsets',
]
const plain = ['orders', 'orders.placed', 'orders.paid.eu', 'ordersXplaced', 'payments']

describe('a pattern', () => {
  it.each([
    ['*', plain],
    ['orders.*', ['orders.placed', 'orders.paid.eu']],
    ['orders*', ['orders', 'orders.placed', 'orders.paid.eu', 'ordersXplaced']],
    ['*.placed', ['orders.placed']],
    ['orders.*.eu', ['orders.paid.eu']],
    ['**', plain],
    ['*e*s*', ['orders', 'orders.placed', 'orders.paid.eu', 'ordersXplaced', 'payments']],
    ['__*', []],
    ['*.retry', []],
    ['*.dlq', []],
    ['*.delayed', []],
    ['orders.billing.*', []],
  ])('%s sees topics, none that is derived and none of the bus', (pattern, expected) => {
    expect(topics.filter(matcher(pattern, false))).toEqual(expected)
  })

  it('sees dead letters, and still no retries, if asked to', () => {
    expect(topics.filter(matcher('*', true))).toEqual([...plain, 'orders.billing.dlq', 'orders.broadcast.dlq'])
    expect(topics.filter(matcher('orders.*', true))).toEqual([
      'orders.placed',
      'orders.paid.eu',
      'orders.billing.dlq',
      'orders.broadcast.dlq',
    ])
  })

  it('takes every other character as it is', () => {
    expect(matcher('a.b-*', false)('a.b-c')).toBe(true)
    expect(matcher('a.b-*', false)('aXb-c')).toBe(false)
    expect(matcher('a_*', false)('a_')).toBe(true)
  })

  it('is known by its star', () => {
    expect(['*', 'a.*', '*.a', 'a*b'].every(isPattern)).toBe(true)
    expect(['a', 'a.b', ''].some(isPattern)).toBe(false)
  })

  it.each(['*', 'orders.*', '*.*', 'a*b'])('%s is accepted', (pattern) => {
    expect(() => assertPattern(pattern)).not.toThrow()
  })

  it.each(['orders/*', 'or ders.*', '__*', '*ü', `${'x'.repeat(180)}*`])('%s is refused', (pattern) => {
    expect(() => assertPattern(pattern)).toThrow(TopicInvalidError)
  })

  it('leaves a mark under a name that no pattern sees', () => {
    const mark = markTopicOf('orders.*')
    expect(matcher('*', true)(mark)).toBe(false)
    expect(mark).not.toBe(markTopicOf('orders.'))
    expect(mark).toMatch(/^[A-Za-z0-9._-]+$/)
  })
})
