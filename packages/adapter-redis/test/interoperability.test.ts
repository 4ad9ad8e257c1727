import { EventBus } from '@bus/core'
import { Redis } from 'ioredis'
import { describe, expect, it, vi } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

describe('the stream of a topic', () => {
  it('is read and written by hand, with XRANGE and XADD: CloudEvents out, anything in, and nothing stops it', async () => {
    const prefix = ownPrefix()
    const stream = `{${prefix}:orders}`
    const [adapter, redis] = [await adapterAt({ prefix }), new Redis(await redisUrl())]
    const bus = new EventBus(adapter, 'shop')
    const seen: unknown[] = []
    const dead: unknown[] = []
    bus.on('deadLetter', ({ reason }) => void dead.push(reason))
    const options = { consumerGroup: 'g', useDLQ: true }
    await bus.subscribe('orders', ({ type, payload }) => void seen.push([type, payload]), options)
    await bus.publish('orders', 'order.placed', { text: 'Grüße 🚌' })
    const [[, fields]] = (await redis.call('XRANGE', stream, '-', '+')) as [[string, string[]]]
    expect(fields[0]).toBe('body')
    expect(JSON.parse(fields[1] ?? '')).toMatchObject({
      specversion: '1.0',
      source: 'shop',
      type: 'order.placed',
      subject: 'orders',
      data: { text: 'Grüße 🚌' },
    })
    const cloudEvent = { specversion: '1.0', id: 'x-1', source: '/other', type: 'made', data: { n: 1 } }
    for (const entry of [
      ['body', JSON.stringify(cloudEvent)],
      ['body', '{"plain":1}'],
      ['hello', 'world', 'key', 'of nobody'],
      ['body', 'no JSON'],
      ['body', ''],
      ['body', '{"headers":"odd"}', 'headers', 'no JSON either'],
      ['body', '"last"'],
    ]) {
      await redis.call('XADD', stream, '*', ...entry)
    }
    await vi.waitUntil(() => seen.some((one) => JSON.stringify(one) === '["foreign","last"]'), { timeout: 20_000 })
    await vi.waitUntil(() => dead.length >= 2, { timeout: 20_000 })
    expect(seen.slice(0, 3)).toEqual([
      ['order.placed', { text: 'Grüße 🚌' }],
      ['made', { n: 1 }],
      ['foreign', { plain: 1 }],
    ])
    expect(new Set(dead)).toEqual(new Set(['unreadable']))
    expect(seen.length + dead.length).toBe(8)
    await bus.close()
    await Promise.all([adapter.close(), redis.quit()])
  })
})
