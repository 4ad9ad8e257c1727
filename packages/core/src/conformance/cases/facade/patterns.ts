import assert from 'node:assert/strict'
import { NonRetryableError, type SubscriptionOptions } from '../../../index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, type Stage } from '../../support/facade-stage.ts'
import { assertSame } from '../../support/messages.ts'

const numbers = ['1', '2', '3']

/** Whether the pattern is `'*'` or names a part of the topics, it sees those that are there and those that come. */
async function seesTopics(stage: Stage, all: boolean): Promise<void> {
  const [[here, there], base] = [await stage.processes(2), stage.topic()]
  const pattern = all ? '*' : `${base}.*`
  const [group, broadcast] = [stage.recorder(), stage.recorder()]
  const topics = ['existing', 'of.this.process', 'of-another'].map((name) => `${base}.${name}`)
  const [existing = '', own = '', foreign = ''] = topics
  await there.bus.publish(existing, 'tested', 'before', { key: 'k' })
  await here.bus.subscribe(pattern, group.handle, { consumerGroup: 'g' })
  await here.bus.subscribe(pattern, broadcast.handle)
  for (const number of numbers) {
    await here.bus.publish(existing, 'tested', number, { key: 'k' })
    await here.bus.publish(own, 'tested', number, { key: 'k' })
    // The bus here learns of this topic from the backend.
    await there.bus.publish(foreign, 'tested', number, { key: 'k' })
    await there.bus.publish(`${base}other`, 'tested', number, { key: 'k' })
  }
  for (const seen of [group, broadcast]) {
    const own = (): typeof seen.handled.items => seen.handled.items.filter(({ topic }) => topics.includes(topic))
    await seen.handled.until('all of them', () => own().length >= 9)
    const told = own().map(({ topic, event }) => `${topic}:${event.payload}`)
    assertSame(
      told,
      topics.flatMap((topic) => numbers.map((number) => `${topic}:${number}`)),
      'Each from its first event',
    )
    const others = seen.handled.items.filter(({ topic }) => !topics.includes(topic))
    if (!all) assert.deepEqual(others, [])
  }
}

export const patternCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'a pattern sees the topics that exist and those that are created later, each from its first event',
    promise: 'An audit log misses nothing, also of services that did not exist when it was deployed.',
    run: onStage((stage) => seesTopics(stage, false)),
  },
  {
    tier: 'facade',
    name: "'*' sees every topic, existing or created later",
    promise: 'Everything is one character.',
    // Elsewhere the topics of all other cases would be seen as well; there the pattern above stands for it.
    needs: { shared: false },
    run: onStage((stage) => seesTopics(stage, true)),
  },
  {
    tier: 'facade',
    name: 'a pattern matches whole names, and * stands for any text',
    promise: 'orders.* is not every topic in which orders. occurs.',
    run: onStage(async (stage) => {
      const [{ bus }, base] = [await stage.process(), stage.topic()]
      const wanted = [`${base}.orders.eu`, `${base}.orders.us.west`, `${base}.orders.`]
      const unwanted = [`${base}.orders`, `${base}xorders.eu`, `x.${base}.orders.eu`, `${base}.order.eu`]
      const seen = stage.recorder()
      await bus.subscribe(`${base}.orders.*`, seen.handle, { consumerGroup: 'g' })
      const middle = stage.recorder()
      await bus.subscribe(`${base}.*.eu`, middle.handle)
      for (const topic of [...unwanted, ...wanted]) await bus.publish(topic, 'tested', topic, { key: 'k' })
      await Promise.all([seen.handled.reached(wanted.length), middle.handled.reached(2)])
      assertSame(seen.payloads.map(String), wanted, 'orders.*')
      assertSame(middle.payloads.map(String), [`${base}.orders.eu`, `${base}.order.eu`], '*.eu')
    }),
  },
  {
    tier: 'facade',
    name: 'a pattern never sees retries, and dead letters only if asked for',
    promise: 'A failing service does not flood those who watch, and whoever wants to watch failures can.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, base] = [await stage.process(), stage.topic()]
      const [plain, asking] = [stage.recorder(), stage.recorder()]
      await bus.subscribe(`${base}*`, plain.handle, { consumerGroup: 'plain' })
      await bus.subscribe(`${base}*`, asking.handle, { consumerGroup: 'asking', includeDeadLetters: true })
      const failing: SubscriptionOptions = { useDLQ: true, maxRetries: 1, retry: { ...quick, holdUpToMs: 0 } }
      const fail = (): Promise<never> => Promise.reject(new Error('no'))
      const graveyard = `${base}.graveyard`
      await bus.subscribe(`${base}.orders`, fail, { ...failing, consumerGroup: 'g' })
      await bus.subscribe(`${base}.orders`, fail, { ...failing, consumerGroup: 'h', dlqTopic: graveyard })
      await bus.publish(`${base}.orders`, 'tested', 'x')
      await hooks.deadLetter.reached(2)
      const places = [`${base}.orders`, `${base}.orders.g.dlq`, graveyard]
      await asking.handled.reached(3)
      assertSame(
        asking.starts.items.map(({ topic }) => topic),
        places,
        'With dead letters',
      )
      await bus.publish(`${base}.last`, 'tested', 'last')
      await plain.handled.reached(2)
      await asking.handled.reached(4)
      assertSame(
        plain.starts.items.map(({ topic }) => topic),
        [`${base}.orders`, `${base}.last`],
        'Without',
      )
      assert.equal(asking.starts.count, 4)
    }),
  },
  {
    tier: 'facade',
    name: 'a pattern group gets the topics that were born while it had no member, from their first event',
    promise: 'A topic created during a deployment is not missed.',
    run: onStage(async (stage) => {
      const [[one, two, publisher], base] = [await stage.processes(3), stage.topic()]
      const [before, after] = [stage.recorder(), stage.recorder()]
      await publisher.bus.publish(`${base}.old`, 'tested', 'older than the group', { key: 'k' })
      await one.bus.subscribe(`${base}.*`, before.handle, { consumerGroup: 'g' })
      await publisher.bus.publish(`${base}.old`, 'tested', '1', { key: 'k' })
      await before.handled.reached(1)
      await one.bus.close()
      await publisher.bus.publish(`${base}.old`, 'tested', '2', { key: 'k' })
      for (const payload of numbers) await publisher.bus.publish(`${base}.born`, 'tested', payload, { key: 'k' })
      await two.bus.subscribe(`${base}.*`, after.handle, { consumerGroup: 'g' })
      await after.handled.reached(4)
      assert.deepEqual(before.payloads, ['1'])
      const told = after.starts.items.map(({ topic, event }) => `${topic}:${event.payload}`)
      assertSame(told, [`${base}.old:2`, ...numbers.map((number) => `${base}.born:${number}`)], 'What came meanwhile')
    }),
  },
  {
    tier: 'facade',
    name: 'a pattern subscription fails, retries and buries like any other, topic by topic',
    promise: 'What holds for one topic holds for all of them.',
    run: onStage(async (stage) => {
      const [{ bus, hooks }, base] = [await stage.process(), stage.topic()]
      const seen = stage.recorder((_event, { attempt }) => {
        throw attempt < 2 ? new Error('once more') : new NonRetryableError('never')
      })
      const options = { consumerGroup: 'g', useDLQ: true, concurrency: 2, retry: quick }
      await bus.subscribe(`${base}.*`, seen.handle, options)
      for (const name of ['a', 'b']) await bus.publish(`${base}.${name}`, 'tested', name, { key: 'k' })
      const dead = await hooks.deadLetter.reached(2)
      const expected = ['a', 'b'].map((name) => `${base}.${name}.g.dlq`)
      assertSame(
        dead.map(({ dlqTopic }) => dlqTopic),
        expected,
        'Each has its dead letter topic',
      )
      assert.equal(seen.starts.count, 4)
    }),
  },
]
