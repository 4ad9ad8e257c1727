import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.ts'
import { ack, assertSame, bodies, message, numbered, withAndWithoutKey } from '../support/messages.ts'
import { takeDuringQuiet, takeFromAny } from '../support/take.ts'

export const loanCases: readonly ConformanceCase[] = [
  {
    tier: 'spi',
    name: 'what a live member holds is not given to another one, however long it takes',
    promise: 'A slow handler does not run twice.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, adapters] = [context.topic(), await context.members(2)]
        const members = await context.group(adapters, topic)
        await adapters[0]?.publish(numbered(topic, 2, { key }))
        const held = await takeFromAny(context, members, 2)
        assert.deepEqual(bodies(await takeDuringQuiet(context, members)), [], 'Nothing comes while the loans are held.')
        await ack(held.map(({ delivery }) => delivery))
        await adapters[0]?.publish([message(topic, 'next', { key })])
        const [next] = await takeFromAny(context, members, 1)
        assert.deepEqual(next && bodies([next.delivery]), ['next'])
      }),
  },
  {
    tier: 'spi',
    name: 'the loans of a member that closes pass on to the others at once, at no charge',
    promise: 'A deployment delays nothing and is not mistaken for a crash.',
    run: (context) =>
      withAndWithoutKey(async (key) => {
        const [topic, adapters] = [context.topic(), await context.members(2)]
        const members = await context.group(adapters, topic)
        await adapters[0]?.publish(numbered(topic, 6, { key }))
        const taken = await takeFromAny(context, members, 6)
        const leaver = taken[0]?.consumer
        const left = taken.filter(({ consumer }) => consumer === leaver).map(({ delivery }) => delivery)
        const [acknowledged, ...open] = left
        await acknowledged?.ack()
        const stays = members.filter((member) => member !== leaver)
        await leaver?.close()
        if (open.length === 0) return
        const again = (await takeFromAny(context, stays, open.length)).map(({ delivery }) => delivery)
        assertSame(bodies(again), bodies(open), 'The others got what the leaver had open')
        for (const { redeliveries } of again) assert.equal(redeliveries, 0)
        await ack(again)
      }),
  },
  {
    tier: 'spi',
    name: 'a member that holds messages does not keep the others from getting more',
    promise: 'One slow replica does not stop its group.',
    async run(context) {
      const [topic, adapters] = [context.topic(), await context.members(2)]
      const members = await context.group(adapters, topic)
      const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
      await adapters[0]?.publish(keys.map((key) => message(topic, `${key} 1`, { key })))
      const held = await takeFromAny(context, members, 20)
      // Nothing is settled: these are lent to whoever has their key already.
      await adapters[0]?.publish(keys.map((key) => message(topic, `${key} 2`, { key })))
      const more = await takeFromAny(context, members, 20)
      assertSame(
        bodies(more.map(({ delivery }) => delivery)),
        keys.map((key) => `${key} 2`),
        'The second of each key came',
      )
      for (const { consumer, delivery } of more) {
        const first = held.find((taken) => taken.delivery.message.key === delivery.message.key)
        assert.equal(first?.consumer, consumer, 'A key that is on loan stays with its member.')
      }
    },
  },
]
