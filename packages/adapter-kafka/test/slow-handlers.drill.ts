import { setTimeout as sleep } from 'node:timers/promises'
import { EventBus } from '@bus/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { KafkaAdapterOptions } from '../src/index.ts'
import { closeAdapters, startedAdapter } from './kafka.ts'
import { freshTopic, Journal, until, Worker } from './worker.ts'

const buses: EventBus[] = []

afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()))
  await closeAdapters()
})

/** A bus on its own connection that notes the generations of the topic's group that it belongs to. */
async function member(topic: string, generations: Set<string>, options: Partial<KafkaAdapterOptions> = {}) {
  const debug = (line: string): void => {
    const found = /generation \d+/.exec(line)
    if (found !== null && line.includes(`"g.${topic}"`)) generations.add(found[0])
  }
  const bus = new EventBus(await startedAdapter({ ...options, logger: { debug } }), 'slow')
  buses.push(bus)
  return bus
}

describe('a handler that takes ten times as long as a session', () => {
  it('causes no rebalance, and the others work on', { timeout: 150_000 }, async () => {
    const topic = freshTopic()
    const generations = new Set<string>()
    const begun = new Map<string, number>()
    const done: string[] = []
    const handle = async ({ payload }: { payload: { id: string } }): Promise<void> => {
      begun.set(payload.id, (begun.get(payload.id) ?? 0) + 1)
      if (payload.id === 'slow') await sleep(60_000)
      done.push(payload.id)
    }
    const members = [await member(topic, generations), await member(topic, generations)]
    for (const bus of members) await bus.subscribe(topic, handle, { consumerGroup: 'g', concurrency: 2 })
    const ready = async (): Promise<boolean> =>
      (await Promise.all(members.map((bus) => bus.getHealth()))).every((health) => health.ready)
    await until('both are ready', ready)
    const before = [...generations]
    const [bus] = members as [EventBus, EventBus]
    const began = Date.now()
    await bus.publish(topic, 'e', { id: 'slow' }, { key: 'slow' })
    let published = 0
    while (!done.includes('slow')) {
      const id = `${published++}`
      await bus.publish(topic, 'e', { id }, { key: `k${published % 20}` })
      // A stream of others, not a flood.
      await sleep(100)
    }
    await until('the others are done', () => done.length === published + 1)
    const took = Date.now() - began
    console.log(
      `a handler of ${took} ms: ${generations.size - before.length} rebalances, ${published} others handled meanwhile`,
    )
    expect(took).toBeGreaterThanOrEqual(60_000)
    expect([...generations]).toEqual(before)
    expect(await ready()).toBe(true)
    expect([...begun.values()].every((times) => times === 1)).toBe(true)
  })
})

describe('a second member that joins while handlers of two seconds run', () => {
  it('gets its share: nothing twice, and no key at two places at once', { timeout: 120_000 }, async () => {
    const topic = freshTopic()
    const [a, b] = [await startedAdapter(), await startedAdapter()]
    const journal = new Journal()
    const slow = (): Promise<void> => sleep(2_000)
    const options = { topics: [{ topic, startFrom: 'earliest' as const }], group: 'g' }
    const first = await new Worker('first', journal, slow, 24).start(a, options)
    const events = Array.from({ length: 96 }, (_, n) => ({ topic, key: `k${n % 24}`, headers: {}, body: `${n}` }))
    await a.publish(events)
    await until('handlers run', () => journal.started.length === 24)
    const second = await new Worker('second', journal, slow, 24).start(b, options)
    await until('all are done', () => journal.finished.size === events.length, 60_000)
    const share = journal.started.filter(({ worker }) => worker === 'second').length
    console.log(`a second member: ${share} of ${events.length}, ${first.handovers} hand-overs, nothing twice`)
    expect(share).toBeGreaterThan(0)
    expect(first.handovers).toBeGreaterThan(0)
    expect(journal.duplicates).toEqual([])
    expect(journal.overlaps).toBe(0)
    for (let key = 0; key < 24; key++) {
      const ids = journal.keyOrder(`k${key}`).map(Number)
      expect(ids).toEqual(ids.toSorted((x, y) => x - y))
    }
    await Promise.all([first.stop(), second.stop()])
  })
})
