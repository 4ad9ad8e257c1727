import { InMemoryAdapter } from '@bus/adapter-memory'
import { EventBusError } from '@bus/core/spi'
import { describe, expect, it } from 'vitest'
import { message, take, text } from './messages.ts'

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('it was not rejected'),
    (error: unknown) => error as Error,
  )
}

describe('backlog in memory', () => {
  it('rejects what a group is too far behind for, names it, and stores nothing', async () => {
    const adapter = new InMemoryAdapter({ maxBacklog: 3 })
    const consumer = await adapter.consume({ topics: [{ topic: 'busy', startFrom: 'latest' }], group: 'slow' })
    await adapter.publish([message('busy', '1'), message('busy', '2')])
    const error = await rejection(adapter.publish([message('other', 'x'), message('busy', '3'), message('busy', '4')]))
    expect(EventBusError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'BUS_PUBLISH_BACKLOG', stored: 'no' })
    expect(error.message).toMatch(/"slow"/)
    expect(error.message).toMatch(/"busy"/)
    expect(await adapter.inspect('busy', 'slow')).toMatchObject({ lag: 2, pending: 0 })
    await adapter.publish([message('busy', '3')])
    await rejection(adapter.publish([message('busy', '4')]))

    const deliveries = await take(consumer, 3)
    expect(deliveries.map((delivery) => text(delivery.message))).toEqual(['1', '2', '3'])
    // Lent is not handled.
    await rejection(adapter.publish([message('busy', '4')]))
    await deliveries[1]?.ack()
    await adapter.publish([message('busy', '4')])
    await expect(adapter.publish([message('idle', 'x')])).resolves.toBeUndefined()
  })

  it('lets a batch larger than the limit in when nothing else waits', async () => {
    const adapter = new InMemoryAdapter({ maxBacklog: 2 })
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await adapter.publish([message('t', '1'), message('t', '2'), message('t', '3')])
    await rejection(adapter.publish([message('t', '4')]))
  })

  it('is freed by deleting the group, or by closing a consumer that has none', async () => {
    const adapter = new InMemoryAdapter({ maxBacklog: 1 })
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'abandoned' })
    const loner = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    await adapter.publish([message('t', '1')])
    await member.close()
    await adapter.deleteGroup('t', 'abandoned')
    await rejection(adapter.publish([message('t', '2')]))
    await loner.close()
    await adapter.publish([message('t', '2'), message('t', '3')])
    await adapter.publish([message('t', '4')])
  })

  it('counts what is not due yet', async () => {
    const adapter = new InMemoryAdapter({ maxBacklog: 2 })
    await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await adapter.publish([message('t', '1'), message('t', 'later', { notBefore: Date.now() + 60_000 })])
    await rejection(adapter.publish([message('t', '2')]))
    await adapter.close()
  })

  it('counts what was delayed once only', async () => {
    const adapter = new InMemoryAdapter({ maxBacklog: 2 })
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await adapter.publish([message('t', 'later', { notBefore: Date.now() + 5 })])
    const [delivery] = await take(consumer, 1)
    await adapter.publish([message('t', '1')])
    await delivery?.ack()
    await adapter.publish([message('t', '2')])
    await rejection(adapter.publish([message('t', '3')]))
  })
})
