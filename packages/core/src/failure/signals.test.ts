import { describe, expect, it } from 'vitest'
import { NonRetryableError, RetryAfterError } from './signals.ts'

describe('errors that steer', () => {
  it('are known by name, so that another copy of the package may have made them', () => {
    const foreign = Object.assign(new Error('no'), { name: 'NonRetryableError' })
    const later = Object.assign(new Error('later'), { name: 'RetryAfterError', delayMs: 5 })
    expect(NonRetryableError.is(foreign)).toBe(true)
    expect(RetryAfterError.is(later)).toBe(true)
    expect(RetryAfterError.is(Object.assign(new Error('later'), { name: 'RetryAfterError' }))).toBe(false)
    expect([NonRetryableError.is(new Error('x')), NonRetryableError.is('x'), RetryAfterError.is(null)]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('may be subclassed', () => {
    class Refused extends NonRetryableError {
      override readonly name = 'Refused'
    }
    expect(NonRetryableError.is(new Refused('no'))).toBe(true)
  })

  it('carry a cause and a message that says something', () => {
    const cause = new Error('cause')
    expect(new RetryAfterError(250, undefined, { cause })).toMatchObject({
      delayMs: 250,
      message: 'try again in 250 ms',
      cause,
    })
    expect(new NonRetryableError('no', { cause }).cause).toBe(cause)
  })
})
