import { describe, expect, it } from 'vitest'
import { stored, storedCopy } from '../../test/support/messages.ts'
import type { StoredMessage } from '../spi/message.ts'
import { deadCopy, type Failure, retryCopy, sameCopy } from './copies.ts'

const source = stored('{"a":1}', { key: 'k', headers: { traced: 'yes' }, position: '42' })
const failure: Failure = {
  topic: 'orders',
  group: 'billing',
  attempts: 4,
  firstFailureAt: 1_000,
  lastFailureAt: 9_000,
  error: new TypeError('boom'),
}

function headersAfter(message: StoredMessage, changes: Partial<Failure> = {}): Readonly<Record<string, string>> {
  return deadCopy('orders.billing.dlq', message, { ...failure, ...changes }, 'exhausted').headers
}

describe('retryCopy', () => {
  it('carries the same bytes and key, the number of the next start, and what is known of the first failure', () => {
    const copy = retryCopy('orders.billing.retry', source, failure, 12_345)
    expect(copy.body).toBe(source.body)
    expect({ topic: copy.topic, key: copy.key, notBefore: copy.notBefore, retention: copy.retention }).toEqual({
      topic: 'orders.billing.retry',
      key: 'k',
      notBefore: 12_345,
      retention: undefined,
    })
    expect(copy.headers).toEqual({
      traced: 'yes',
      'bus-attempt': '5',
      'bus-dead-first': '1000',
      'bus-dead-position': '42',
    })
  })

  it('says how often its process died, if it did', () => {
    const copy = retryCopy('orders.billing.retry', source, { ...failure, deaths: 2 }, 12_345)
    expect(copy.headers).toMatchObject({ 'bus-deaths': '2' })
    expect(headersAfter(storedCopy(copy, '1'))).not.toHaveProperty('bus-deaths')
  })

  it('keeps the first place through further retries', () => {
    const once = storedCopy(retryCopy('orders.billing.retry', source, failure, 12_345), '1')
    const twice = retryCopy('orders.billing.retry', once, { ...failure, attempts: 5 }, 99_999)
    expect(twice.headers).toMatchObject({ 'bus-attempt': '6', 'bus-dead-position': '42' })
    expect(twice.notBefore).toBe(99_999)
  })
})

describe('deadCopy', () => {
  it('carries the same bytes and key, is kept, and says what happened', () => {
    const copy = deadCopy('orders.billing.dlq', source, failure, 'exhausted')
    expect(copy.body).toBe(source.body)
    expect({ key: copy.key, notBefore: copy.notBefore, retention: copy.retention }).toEqual({
      key: 'k',
      notBefore: undefined,
      retention: 'kept',
    })
    const { 'bus-dead-stack': stack, ...headers } = copy.headers
    expect(stack).toMatch(/^TypeError: boom\n {4}at /)
    expect(headers).toEqual({
      traced: 'yes',
      'bus-dead-reason': 'exhausted',
      'bus-dead-error': 'TypeError: boom',
      'bus-dead-topic': 'orders',
      'bus-dead-group': 'billing',
      'bus-dead-attempts': '4',
      'bus-dead-first': '1000',
      'bus-dead-last': '9000',
      'bus-dead-position': '42',
    })
  })

  it('names the original position of what came by way of the retry topic, and its delay no more', () => {
    const retry = { ...storedCopy(retryCopy('orders.billing.retry', source, failure, 12_345), '1') }
    const late = { ...retry, headers: { ...retry.headers, 'bus-not-before': '12345' } }
    const headers = headersAfter(late, { attempts: 5 })
    expect(headers).toMatchObject({ 'bus-dead-position': '42', 'bus-dead-attempts': '5' })
    expect(headers).not.toHaveProperty('bus-attempt')
    expect(headers).not.toHaveProperty('bus-not-before')
  })

  it('has no group where there was none', () => {
    expect(headersAfter(source, { group: undefined })).not.toHaveProperty('bus-dead-group')
  })

  describe('on a second death', () => {
    const dead = storedCopy(deadCopy('orders.billing.dlq', source, failure, 'rejected'), '3')
    const second: Partial<Failure> = { topic: 'orders.billing.dlq', group: 'ops', attempts: 1, lastFailureAt: 20_000 }

    it('keeps the first original and takes the last error', () => {
      const headers = headersAfter(dead, { ...second, error: new RangeError('again') })
      expect(headers).toMatchObject({
        'bus-dead-topic': 'orders',
        'bus-dead-group': 'billing',
        'bus-dead-position': '42',
        'bus-dead-first': '1000',
        'bus-dead-last': '20000',
        'bus-dead-attempts': '1',
        'bus-dead-error': 'RangeError: again',
        'bus-dead-reason': 'exhausted',
      })
      expect(headers['bus-dead-stack']).toMatch(/^RangeError: again/)
    })

    it('does not put the first stack beside the last error', () => {
      expect(headersAfter(dead, { ...second, error: 'no stack' })).not.toHaveProperty('bus-dead-stack')
    })

    it('does not name the second group where the first death was outside any group', () => {
      const broadcast = storedCopy(
        deadCopy('orders.broadcast.dlq', source, { ...failure, group: undefined }, 'rejected'),
      )
      const headers = headersAfter(broadcast, second)
      expect(headers['bus-dead-topic']).toBe('orders')
      expect(headers).not.toHaveProperty('bus-dead-group')
    })
  })

  it('bounds the stack in bytes and cuts no character in two', () => {
    for (const letter of ['x', 'é', '€', '😀']) {
      const error = Object.assign(new Error('long'), { stack: letter.repeat(20_000) })
      const stack = headersAfter(source, { error })['bus-dead-stack'] ?? ''
      expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(8_192)
      expect(Buffer.byteLength(stack)).toBeGreaterThan(8_192 - 4)
      expect(stack.replaceAll(letter, '')).toBe('')
    }
  })

  it('bounds the message', () => {
    expect(headersAfter(source, { error: new Error('x'.repeat(1_000_000)) })['bus-dead-error']).toHaveLength(1_024)
  })

  it('tells whatever was thrown', () => {
    expect(headersAfter(source, { error: 'boom' })['bus-dead-error']).toBe('string: boom')
    expect(headersAfter(source, { error: Object.create(null) })['bus-dead-error']).toBe('object: {}')
  })

  it('holds nothing that a backend would have to replace', () => {
    const error = new Error(`${'x'.repeat(1_024 - 'Error: '.length - 1)}😀`)
    expect(headersAfter(source, { error })['bus-dead-error']).toSatisfy((text: string) => text.isWellFormed())
  })
})

describe('sameCopy', () => {
  it('changes nothing within its topic', () => {
    const early = stored('{}', {
      topic: 'orders.billing.retry',
      headers: { 'bus-attempt': '2' },
      notBefore: 5,
      key: 'k',
    })
    const { topic, key, headers, body, notBefore } = sameCopy(early, early.topic)
    expect({ topic, key, headers, body, notBefore }).toEqual({
      topic: early.topic,
      key: 'k',
      headers: early.headers,
      body: early.body,
      notBefore: 5,
    })
    expect(sameCopy(source, source.topic).notBefore).toBeUndefined()
  })

  it('says where it comes from when it moves', () => {
    const early = stored('{}', { notBefore: 5, position: '42' })
    const { topic, headers, notBefore } = sameCopy(early, 'orders.billing.retry')
    expect({ topic, headers, notBefore }).toEqual({
      topic: 'orders.billing.retry',
      headers: { 'bus-dead-position': '42' },
      notBefore: 5,
    })
  })
})
