import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BaseEvent, EventMetadata } from '../events.ts'
import { encodeEnvelope, readEnvelope } from './envelope.ts'

const metadata: EventMetadata = {
  eventId: '0a1b',
  timestamp: '2026-01-02T03:04:05.678Z',
  source: 'checkout',
  correlationId: 'flow-1',
  causationId: 'event-0',
  userId: 'user-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1',
  tenant: 'acme',
  tags: ['a', { b: 1 }],
}

/** CloudEvents 1.0.2: the name of every context attribute. */
const attributeName = /^[a-z0-9]+$/

function written({ type, payload, metadata }: BaseEvent, key?: string): string {
  return encodeEnvelope({ topic: 'orders.placed', key, type, metadata }, JSON.stringify(payload))
}

function encode(event: BaseEvent, key?: string): Record<string, unknown> {
  return JSON.parse(written(event, key)) as Record<string, unknown>
}

describe('the envelope', () => {
  it('is CloudEvents 1.0 JSON, field by field', () => {
    const event = { type: 'order.placed', payload: { orderId: '7', total: 12.5 }, metadata }
    expect(written(event, 'customer-1')).toBe(
      '{"specversion":"1.0",' +
        '"id":"0a1b",' +
        '"source":"checkout",' +
        '"type":"order.placed",' +
        '"subject":"orders.placed",' +
        '"time":"2026-01-02T03:04:05.678Z",' +
        '"partitionkey":"customer-1",' +
        '"correlationid":"flow-1",' +
        '"causationid":"event-0",' +
        '"userid":"user-1",' +
        '"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",' +
        '"tracestate":"vendor=1",' +
        '"metadata":"{\\"tenant\\":\\"acme\\",\\"tags\\":[\\"a\\",{\\"b\\":1}]}",' +
        '"data":{"orderId":"7","total":12.5}}',
    )
  })

  it('leaves out what there is not', () => {
    const { eventId, timestamp, source } = metadata
    expect(encode({ type: 't', payload: null, metadata: { eventId, timestamp, source } })).toEqual({
      specversion: '1.0',
      id: '0a1b',
      source: 'checkout',
      type: 't',
      subject: 'orders.placed',
      time: '2026-01-02T03:04:05.678Z',
      data: null,
    })
    expect(encode({ type: 't', payload: undefined, metadata: { eventId, timestamp, source } })).not.toHaveProperty(
      'data',
    )
  })

  it('has attributes that the specification allows: names in lower case, text as values', () => {
    const { data, ...attributes } = encode({ type: 't', payload: { Any: [1] }, metadata }, 'key')
    expect(data).toEqual({ Any: [1] })
    for (const [name, value] of Object.entries(attributes)) {
      expect(name).toMatch(attributeName)
      expect(value).toBeTypeOf('string')
      expect(value).not.toBe('')
    }
  })

  const text = fc.string({ minLength: 1, unit: 'binary' })
  const events = fc.record({
    type: text,
    payload: fc.jsonValue(),
    metadata: fc
      .tuple(
        fc.record({ eventId: text, timestamp: text, source: text }),
        fc.record(
          { correlationId: text, causationId: text, userId: text, traceparent: text, tracestate: text },
          { requiredKeys: [] },
        ),
        fc.dictionary(
          fc.oneof(fc.string(), fc.constantFrom('metadata', 'constructor', 'toString', 'id', 'data', 'specversion')),
          fc.jsonValue(),
        ),
      )
      .map(([needed, known, others]) => ({ ...withoutKnown(others), ...known, ...needed })),
  })

  it('gives back any event as it was', () => {
    fc.assert(
      fc.property(events, fc.option(text, { nil: undefined }), (event, key) => {
        const expected = JSON.parse(JSON.stringify(event)) as unknown
        const read = readEnvelope(encode(event, key))
        expect(JSON.parse(JSON.stringify(read))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

function withoutKnown(others: Record<string, unknown>): Record<string, unknown> {
  const known = new Set([
    'eventId',
    'timestamp',
    'source',
    'correlationId',
    'causationId',
    'userId',
    'traceparent',
    'tracestate',
  ])
  return Object.fromEntries(Object.entries(others).filter(([name]) => !known.has(name)))
}

describe('an envelope of others', () => {
  const foreign = { specversion: '1.0', id: '1', source: '/their/service', type: 'com.example.thing', data: { a: 1 } }

  it('needs no more than the specification asks for', () => {
    expect(readEnvelope(foreign)).toEqual({
      type: 'com.example.thing',
      payload: { a: 1 },
      metadata: { eventId: '1', source: '/their/service', timestamp: '1970-01-01T00:00:00.000Z' },
    })
  })

  it('may be of a later minor version, and may have null for what is absent', () => {
    const nulls = { time: null, correlationid: null, userid: null, metadata: null }
    expect(readEnvelope({ ...foreign, ...nulls, specversion: '1.1' })).toEqual(readEnvelope(foreign))
  })

  it('may carry bytes', () => {
    const { data: _data, ...rest } = foreign
    const read = readEnvelope({
      ...rest,
      datacontenttype: 'application/octet-stream',
      data_base64: 'AQID',
    }) as BaseEvent<string, Uint8Array>
    expect([...read.payload]).toEqual([1, 2, 3])
  })

  it.each([
    ['no JSON in it', 'not json'],
    ['a list in it', '[1]'],
    ['null in it', 'null'],
  ])('keeps an attribute called metadata that has %s', (_name, text) => {
    expect(readEnvelope({ ...foreign, metadata: text })).toMatchObject({ metadata: { metadata: text, eventId: '1' } })
  })

  it('does not let its metadata attribute stand for what has an attribute of its own', () => {
    const text = JSON.stringify({ eventId: 'forged', source: 'forged', tenant: 'acme' })
    expect(readEnvelope({ ...foreign, metadata: text })).toMatchObject({
      metadata: { eventId: '1', source: '/their/service', tenant: 'acme' },
    })
  })

  it.each([
    ['of another version', { specversion: '2.0' }],
    ['of no version', { specversion: 1 }],
    ['without an id', { id: undefined }],
    ['with an empty id', { id: '' }],
    ['whose id is no text', { id: 7 }],
    ['without a source', { source: undefined }],
    ['without a type', { type: '' }],
  ])('is refused %s, with words', (_name, changes) => {
    expect(readEnvelope({ ...foreign, ...changes })).toBeTypeOf('string')
  })

  it.each([null, 1, 'text', [], [foreign], {}, { id: '1' }])('is none: %j', (value) => {
    expect(readEnvelope(value)).toBeUndefined()
  })
})
