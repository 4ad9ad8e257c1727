import { adapter as definition, InMemoryAdapter } from '@bus/adapter-memory'
import { ConfigInvalidError } from '@bus/core/spi'
import { execFile } from 'node:child_process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { message, never, take, takeNow, text } from './messages.ts'

describe('the adapter in memory', () => {
  it('answers a waiting pull before publish returns to its caller', async () => {
    const adapter = new InMemoryAdapter()
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    const steps: string[] = []
    const handling = consumer.pull(1, never).then((deliveries) => steps.push(`handled ${deliveries.length}`))
    await adapter.publish([message('t', 'x')])
    steps.push('published')
    await handling
    expect(steps).toEqual(['handled 1', 'published'])
  })

  it('hands over the very object that was published, without asking for its bytes', async () => {
    const adapter = new InMemoryAdapter()
    let computed = 0
    const published = {
      topic: 't',
      headers: { a: 'b' },
      get body() {
        computed++
        return 'ü'
      },
    }
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    await adapter.publish([published])
    const [delivery] = await take(consumer, 1)
    await delivery?.ack()
    expect(computed).toBe(0)
    expect(delivery?.message.origin).toBe(published)
    expect(delivery?.message.body).toEqual(new TextEncoder().encode('ü'))
  })

  it('keeps the events of a key with the member that has it, and lets others have the rest', async () => {
    const adapter = new InMemoryAdapter()
    const topics = [{ topic: 't', startFrom: 'latest' as const }]
    const one = await adapter.consume({ topics, group: 'g' })
    await adapter.publish([message('t', 'a1', { key: 'a' })])
    const [a1] = await take(one, 1)
    const two = await adapter.consume({ topics, group: 'g' })
    await adapter.publish([message('t', 'a2', { key: 'a' }), message('t', 'b1', { key: 'b' }), message('t', '-')])
    expect((await takeNow(two)).map((delivery) => text(delivery.message))).toEqual(['b1', '-'])
    const waiting = two.pull(1, never)
    await a1?.ack()
    expect((await waiting).map((delivery) => text(delivery.message))).toEqual(['a2'])
  })

  it('serves the waiting members of a group in turn', async () => {
    const adapter = new InMemoryAdapter()
    const topics = [{ topic: 't', startFrom: 'latest' as const }]
    const members = await Promise.all([1, 2, 3].map(() => adapter.consume({ topics, group: 'g' })))
    const served = [0, 0, 0]
    const work = members.map(async (member, index) => {
      for (let pulled = await member.pull(1, never); pulled.length > 0; pulled = await member.pull(1, never)) {
        served[index] = (served[index] ?? 0) + pulled.length
        await pulled[0]?.ack()
      }
    })
    for (let number = 1; number <= 30; number++) {
      await adapter.publish([message('t', String(number))])
      await nextTurn()
    }
    await adapter.close()
    await Promise.all(work)
    expect(served).toEqual([10, 10, 10])
  })

  it('lends from each topic of a consumer in turn', async () => {
    const adapter = new InMemoryAdapter()
    const topics = ['t', 't.g.retry'].map((topic) => ({ topic, startFrom: 'earliest' as const }))
    await adapter.publish([...Array.from({ length: 20 }, () => message('t', 'busy')), message('t.g.retry', 'second')])
    const consumer = await adapter.consume({ topics, group: 'g' })
    expect((await take(consumer, 2)).length + (await take(consumer, 2)).length).toBe(4)
    expect((await adapter.inspect('t.g.retry', 'g'))?.pending).toBe(1)
  })

  it('lets the process end after close, whatever is delayed', async () => {
    const program = `
      import { InMemoryAdapter } from '@bus/adapter-memory'
      const adapter = new InMemoryAdapter()
      const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
      void consumer.pull(1, new AbortController().signal)
      await adapter.publish([{ topic: 't', headers: {}, body: 'x', notBefore: Date.now() + 3_600_000 }])
      await adapter.close()`
    const options = { cwd: import.meta.dirname, timeout: 30_000 }
    await promisify(execFile)(
      process.execPath,
      ['--conditions=@bus/source', '--input-type=module', '--eval', program],
      options,
    )
  })

  it('counts what is due for open consumers as unsettled', async () => {
    const adapter = new InMemoryAdapter()
    await adapter.publish([message('t', 'before')])
    expect(adapter.unsettled()).toBe(0)
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    await adapter.publish([message('t', 'now'), message('t', 'later', { notBefore: Date.now() + 60_000 })])
    expect(adapter.unsettled()).toBe(2)
    const [first] = await take(consumer, 1)
    expect(adapter.unsettled()).toBe(2)
    await first?.ack()
    expect(adapter.unsettled()).toBe(1)
    await consumer.close()
    expect(adapter.unsettled()).toBe(0)
    await adapter.close()
  })

  it('delivers delayed messages in due order, each at its time', async () => {
    const adapter = new InMemoryAdapter()
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
    const start = Date.now()
    const after = [40, 10, 30, 20, 10]
    await adapter.publish(after.map((ms, index) => message('t', `${ms}/${index}`, { notBefore: start + ms })))
    const seen: string[] = []
    while (seen.length < after.length) {
      for (const { message: stored } of await consumer.pull(10, never)) {
        seen.push(text(stored))
        expect(Date.now()).toBeGreaterThanOrEqual(stored.notBefore ?? 0)
      }
    }
    expect(seen).toEqual(['10/1', '10/4', '20/3', '30/2', '40/0'])
  })

  it('reads its options from the environment and rejects what cannot work', () => {
    expect(
      definition.optionsFromEnv({
        EVENT_BUS_MEMORY_MAX_HISTORY: '5',
        EVENT_BUS_MEMORY_PERSIST: 'true',
        EVENT_BUS_MEMORY_DIRECTORY: 'there',
        EVENT_BUS_MEMORY_FSYNC: 'always',
        EVENT_BUS_MEMORY_FSYNC_INTERVAL_MS: '50',
      }),
    ).toEqual({
      maxHistorySize: 5,
      persistToDisk: true,
      directory: 'there',
      fsync: 'always',
      fsyncIntervalMs: 50,
    })
    expect(() =>
      definition.optionsFromEnv({ EVENT_BUS_MEMORY_MAX_HISTORY: 'many', EVENT_BUS_MEMORY_PERSIST: 'maybe' }),
    ).toThrow(/EVENT_BUS_MEMORY_MAX_HISTORY.*\n.*EVENT_BUS_MEMORY_PERSIST/)
    const wrong = { persistToDisk: true, maxBacklog: 0, directory: '', fsync: 'never' as 'always', fsyncIntervalMs: 0 }
    expect(() => definition.create(wrong)).toThrow(ConfigInvalidError)
    expect(() => definition.create(wrong)).toThrow(/maxBacklog.*\n.*fsyncIntervalMs.*\n.*fsync.*\n.*directory/)
    expect(definition.create(definition.optionsFromEnv({})).name).toBe('memory')
  })
})
