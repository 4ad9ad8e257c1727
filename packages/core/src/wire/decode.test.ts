import { describe, expect, it } from 'vitest'
import { stored, storedCopy } from '../../test/support/messages.ts'
import { MessageUnreadableError } from '../errors.ts'
import { JsonValue } from '../util/json-value.ts'
import { deadCopy } from '../failure/copies.ts'
import { decodeEvent } from './decode.ts'
import { CopyMessage, EventMessage } from './event-message.ts'

const metadata = { eventId: '1', timestamp: '2026-01-02T03:04:05.678Z', source: 'checkout', tenant: { id: 7 } }
const payload = { order: { id: '7' }, lines: [1, 2] }

function published(data: unknown): EventMessage {
  return new EventMessage('orders', 'order.placed', JsonValue.copied(data), metadata, 'key', undefined)
}

describe('an event of the bus', () => {
  it('is the same whether it was written down or never left the process', () => {
    const message = published(payload)
    const written = decodeEvent(storedCopy(message))
    const kept = decodeEvent({ ...stored(''), origin: message })
    expect(written).toEqual({ type: 'order.placed', payload, metadata })
    expect(kept).toEqual(written)
  })

  it.each([undefined, null, 0, false, '', 'text', [], {}])('is the same with the payload %j', (data) => {
    const message = published(data)
    expect(decodeEvent(storedCopy(message))).toEqual({ type: 'order.placed', payload: data, metadata })
    expect(decodeEvent({ ...stored(''), origin: message })).toEqual({ type: 'order.placed', payload: data, metadata })
  })

  it('is fresh each time: what one handler does to it no other sees', () => {
    const message = { ...stored(''), origin: published(structuredClone(payload)) }
    const first = decodeEvent(message) as unknown as { payload: typeof payload; metadata: typeof metadata }
    first.payload.lines.push(3)
    first.payload.order.id = 'changed'
    first.metadata.tenant.id = 8
    expect(decodeEvent(message)).toEqual({ type: 'order.placed', payload, metadata })
  })

  it('is known through copies that never left the process', () => {
    const source = { ...stored('not read'), origin: published(payload) }
    const copy = new CopyMessage('orders.billing.retry', source, {})
    const again = new CopyMessage('orders.billing.retry', { ...stored('not read'), origin: copy }, {})
    expect(decodeEvent({ ...stored('not read'), origin: again })).toEqual({ type: 'order.placed', payload, metadata })
  })

  it('is decoded where the message it came from is not ours', () => {
    const foreign = { topic: 'orders', headers: {}, body: 'x' }
    expect(decodeEvent({ ...storedCopy(published(payload)), origin: foreign }).type).toBe('order.placed')
  })

  it('may begin with a byte order mark', () => {
    expect(decodeEvent(stored(`\uFEFF${published(payload).body}`)).type).toBe('order.placed')
  })

  it('writes its text once, and only when somebody asks', () => {
    const message = published(payload)
    expect(message.body).toBe(message.body)
    expect(JSON.parse(message.body)).toMatchObject({ specversion: '1.0', subject: 'orders', partitionkey: 'key' })
  })
})

describe('an event in binary mode', () => {
  const headers = {
    ce_specversion: '1.0',
    ce_id: '1',
    ce_source: '/theirs',
    ce_type: 'thing',
    ce_time: '2026-01-02T03:04:05Z',
    ce_correlationid: 'flow',
    ce_traceparent: '00-1-2-01',
    'content-type': 'application/json',
    other: 'x',
  }

  it('has its attributes in headers and its data in the body', () => {
    expect(decodeEvent(stored('{"a":1}', { headers }))).toEqual({
      type: 'thing',
      payload: { a: 1 },
      metadata: {
        eventId: '1',
        source: '/theirs',
        timestamp: '2026-01-02T03:04:05Z',
        correlationId: 'flow',
        traceparent: '00-1-2-01',
      },
    })
  })

  it('may have data that looks like an envelope', () => {
    const data = { specversion: '1.0', id: 'inner', source: 's', type: 't' }
    expect(decodeEvent(stored(JSON.stringify(data), { headers }))).toMatchObject({ type: 'thing', payload: data })
  })

  it('may have no data', () => {
    expect(decodeEvent(stored('', { headers }))).toMatchObject({ type: 'thing', payload: undefined })
  })

  it('may have text or bytes', () => {
    expect(
      decodeEvent(stored('héllo', { headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } })).payload,
    ).toBe('héllo')
    const bytes = new Uint8Array([0xff, 0xfe])
    expect(
      decodeEvent(stored(bytes, { headers: { ...headers, 'content-type': 'application/octet-stream' } })).payload,
    ).toEqual(bytes)
  })

  it.each(['application/cloudevents-data+json', 'application/vnd.acme+json; v=1', 'text/json', 'Application/JSON'])(
    'is JSON with the content type %s',
    (type) => {
      expect(decodeEvent(stored('{"a":1}', { headers: { ...headers, 'content-type': type } })).payload).toEqual({
        a: 1,
      })
    },
  )

  it('is refused when attributes are missing', () => {
    const { ce_id: _id, ...rest } = headers
    expect(() => decodeEvent(stored('{}', { headers: rest }))).toThrow(/attribute "id" is missing/)
  })
})

describe('a message of others', () => {
  it('is identified by the place where it is stored', () => {
    expect(decodeEvent(stored('{"a":1}', { topic: 'orders', position: '3/42' }))).toEqual({
      type: 'foreign',
      payload: { a: 1 },
      metadata: { eventId: 'orders/3/42', source: 'foreign', timestamp: '2023-11-14T22:13:20.000Z' },
    })
  })

  it('may name its id, type and source in headers', () => {
    expect(decodeEvent(stored('[1]', { headers: { id: 'x', type: 'y', source: 'z' } }))).toMatchObject({
      type: 'y',
      payload: [1],
      metadata: { eventId: 'x', source: 'z' },
    })
  })
})

describe('what is no event', () => {
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['half of JSON', '{"a":'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a broken envelope', '{"specversion":"1.0","id":"1"}'],
    ['an envelope of the future', '{"specversion":"2.0","id":"1","source":"s","type":"t"}'],
  ])('is refused, saying where it is: %s', (_name, body) => {
    const message = stored(body, { topic: 'orders', position: '42' })
    expect(() => decodeEvent(message)).toThrow(MessageUnreadableError)
    expect(() => decodeEvent(message)).toThrow(/at 42 of topic "orders"/)
  })
})

describe('a dead letter', () => {
  const failure = { topic: 'orders', group: 'billing', attempts: 4, firstFailureAt: 0, lastFailureAt: 1_000 }

  it('says in its metadata what happened, beside what it said before', () => {
    const copy = deadCopy(
      'orders.billing.dlq',
      storedCopy(published(payload), '42'),
      { ...failure, error: new TypeError('a: b') },
      'exhausted',
    )
    const event = decodeEvent(storedCopy(copy))
    expect(event).toMatchObject({ type: 'order.placed', payload })
    expect(event.metadata).toEqual({
      ...metadata,
      failureReason: 'a: b',
      failureKind: 'exhausted',
      errorName: 'TypeError',
      errorStack: expect.stringContaining('TypeError: a: b') as string,
      originalTopic: 'orders',
      originalGroup: 'billing',
      originalPosition: '42',
      attempts: 4,
      firstFailureAt: '1970-01-01T00:00:00.000Z',
      lastFailureAt: '1970-01-01T00:00:01.000Z',
    })
  })

  it('is read although its headers were tampered with', () => {
    const headers = {
      'bus-dead-reason': 'exhausted',
      'bus-dead-first': 'yesterday',
      'bus-dead-attempts': 'many',
      'bus-dead-last': '9e99',
    }
    expect(decodeEvent({ ...storedCopy(published(payload)), headers }).metadata).toMatchObject({
      failureReason: '',
      firstFailureAt: undefined,
      lastFailureAt: undefined,
      attempts: 0,
    })
  })
})
