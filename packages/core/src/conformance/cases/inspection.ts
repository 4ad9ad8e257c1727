import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { ack, message, numbered } from '../support/messages.ts'
import { take } from '../support/take.ts'

const none = { lag: 0, pending: 0, oldestPendingMs: 0 }

export const inspectionCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'listTopics has every topic that was published to or is consumed, also quite new ones',
    promise: 'A subscription to a pattern finds topics that are born later.',
    async run(context) {
      const [[one, other], before, published, consumed] = [
        await context.members(2),
        context.topic(),
        context.topic(),
        context.topic(),
      ]
      assert.ok(one && other)
      await one.publish([message(before, 'x')])
      await context.until('The first topic is listed', async () => (await other.listTopics()).includes(before))
      assert.ok(!(await other.listTopics()).includes(published))
      await one.publish([message(published, 'x'), message(`${published}.g.dlq`, 'x')])
      await context.consume(one, consumed, { group: 'g' })
      for (const topic of [published, `${published}.g.dlq`, consumed]) {
        await context.until(`${topic} is listed`, async () => (await other.listTopics()).includes(topic))
      }
      const listed = await other.listTopics()
      assert.equal(new Set(listed).size, listed.length, 'No topic is listed twice.')
    },
  },
  {
    tier: 'spi',
    name: 'listGroups has every group of a topic, of all topics if none is named, also one without members',
    promise: 'Operators see a service that is down, and a group that nobody uses any more, without knowing its name.',
    async run(context) {
      const [[one, other], topic, second, unknown] = [
        await context.members(2),
        context.topic(),
        // Topics with dots in their names are not to be taken for a group and the rest.
        `${context.topic()}.created.v2`,
        context.topic(),
      ]
      assert.ok(one && other)
      const names = async (of: string): Promise<string[]> =>
        (await other.listGroups(of)).map(({ topic: found, group }) => `${found} ${group}`).toSorted()
      await one.publish([message(topic, 'x')])
      assert.deepEqual(await names(topic), [], 'A topic without groups.')
      const left = await context.consume(one, topic, { group: 'left' })
      await context.consume(one, topic, { group: 'stays_1' })
      await context.consume(one, second, { group: 'stays_1' })
      await context.consume(one, topic)
      await left.close()
      assert.deepEqual(await names(topic), [`${topic} left`, `${topic} stays_1`])
      assert.deepEqual(await names(second), [`${second} stays_1`])
      const all = (await other.listGroups()).map(({ topic: found, group }) => `${found} ${group}`)
      for (const name of [`${topic} left`, `${topic} stays_1`, `${second} stays_1`])
        assert.equal(all.filter((listed) => listed === name).length, 1, `${name} is listed once.`)
      await one.deleteGroup(topic, 'left')
      assert.deepEqual(await names(topic), [`${topic} stays_1`], 'One that was deleted is gone.')
      assert.deepEqual(await names(unknown), [])
      assert.ok(!(await other.listTopics()).includes(unknown), 'Asking does not create the topic.')
    },
  },
  {
    tier: 'spi',
    name: 'inspect knows nothing of a group that never consumed the topic, and asking does not create it',
    promise: 'A typing error in a name is seen.',
    async run(context) {
      const [adapter, topic, unknown] = [await context.adapter(), context.topic(), context.topic()]
      await adapter.publish([message(topic, 'x')])
      await context.consume(adapter, topic, { group: 'g' })
      for (let round = 0; round < 2; round++) {
        assert.equal(await adapter.inspect(topic, 'other'), undefined)
        assert.equal(await adapter.inspect(unknown, 'g'), undefined)
        assert.notEqual(await adapter.inspect(topic, 'g'), undefined)
      }
      assert.ok(!(await adapter.listTopics()).includes(unknown))
    },
  },
  {
    tier: 'spi',
    name: 'inspect tells how far a group is behind and what it has on loan',
    promise: 'Operators see who is slow, and by how much.',
    async run(context) {
      const [adapter, topic] = [await context.adapter(), context.topic()]
      const consumer = await context.consume(adapter, topic, { group: 'g' })
      const idle = await adapter.inspect(topic, 'g')
      assert.deepEqual(idle && { ...idle, delayed: undefined }, { ...none, delayed: undefined })
      await adapter.publish(numbered(topic, 10, { key: 'k' }))
      const held = await take(context, consumer, 4)
      const working = await adapter.inspect(topic, 'g')
      assert.equal(working?.pending, 4, 'pending is what is on loan.')
      assert.equal(working.lag, 6, 'lag is what nobody was given yet.')
      await context.until(
        'The oldest one grows older',
        async () => ((await adapter.inspect(topic, 'g'))?.oldestPendingMs ?? 0) >= 5,
      )
      await ack(held)
      await ack(await take(context, consumer, 6))
      await context.until('Nothing is left', async () => {
        const state = await adapter.inspect(topic, 'g')
        return state?.lag === 0 && state.pending === 0 && state.oldestPendingMs === 0
      })
    },
  },
  {
    tier: 'spi',
    name: 'inspect sees what waits for a group without members',
    promise: 'A service that is down shows in the figures.',
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const consumer = await context.consume(one, topic, { group: 'g' })
      await one.publish(numbered(topic, 4, { key: 'k' }))
      await ack(await take(context, consumer, 4))
      await consumer.close()
      await one.publish(numbered(topic, 7, { key: 'k' }))
      await context.until('The lag is 7', async () => {
        const state = await other.inspect(topic, 'g')
        return state !== undefined && state.lag + state.pending === 7
      })
    },
  },
  {
    tier: 'spi',
    name: 'inspect counts what is not due yet apart from the lag',
    promise: 'What was published and is not handled can be told apart from what is late.',
    needs: { delays: true },
    async run(context) {
      const [topic, [one, other]] = [context.topic(), await context.members(2)]
      assert.ok(one && other)
      const consumer = await context.consume(one, topic, { group: 'g' })
      const notBefore = Date.now() + 3_600_000
      await one.publish([...numbered(topic, 2, { key: 'k' }), ...numbered(topic, 3, { key: 'k', notBefore })])
      await ack(await take(context, consumer, 1))
      await context.until('One is left, and three are not due', async () => {
        const { lag = 0, pending = 0, delayed = 0 } = (await other.inspect(topic, 'g')) ?? {}
        return lag + pending === 1 && delayed === 3
      })
    },
  },
]
