import { describe, expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const names = ['maxRetries', 'useDLQ', 'concurrency', 'consumerGroup']

describe('nearest', () => {
  it.each([
    ['maxRetrys', 'maxRetries'],
    ['useDlq', 'useDLQ'],
    ['group', undefined],
    ['concurency', 'concurrency'],
    ['consumer_group', 'consumerGroup'],
    ['colour', undefined],
    ['', undefined],
  ])('of %j is %j', (name, expected) => {
    expect(nearest(name, names)).toBe(expected)
  })
})
