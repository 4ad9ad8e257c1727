import assert from 'node:assert/strict'
import type { ConformanceCase } from '../../case.ts'
import { KeyWatch } from '../../support/facade-key-watch.ts'
import { onStage } from '../../support/facade-stage.ts'

export const memberCases: readonly ConformanceCase[] = [
  {
    tier: 'facade',
    name: 'members may come and go while events flow: nothing is lost, and every key keeps its order',
    promise: 'Scaling and deploying are everyday work.',
    run: onStage(async (stage) => {
      const [publisher, topic, watch] = [await stage.process(), stage.topic(), new KeyWatch(10)]
      const seen = stage.recorder((event, context) => watch.handling(context, event))
      const options = { consumerGroup: 'g', concurrency: 3, prefetch: 8 }
      const join = async (): Promise<{ leave(): Promise<void> }> => {
        const process = await stage.process()
        await process.bus.subscribe(topic, seen.handle, options)
        return { leave: () => process.bus.close() }
      }
      let published = 0
      const publish = async (): Promise<unknown> => {
        published += 5
        return publisher.bus.publishBatch(topic, watch.entries(5))
      }
      const first = await join()
      await publish()
      const [second] = await Promise.all([join(), publish()])
      await seen.handled.reached(30)
      await Promise.all([first.leave(), publish()])
      const [third] = await Promise.all([join(), publish()])
      await Promise.all([second.leave(), third.leave(), publish()])
      await publish()
      const last = await join()
      await seen.handled.until(
        'all of them',
        (starts) => new Set(starts.map(({ event }) => event.metadata.eventId)).size >= 10 * published,
      )
      watch.assertFirstOrder(published)
      await last.leave()
    }),
  },
  {
    tier: 'facade',
    name: 'a new member shares the work that is still to come',
    promise: 'More processes handle more.',
    run: onStage(async (stage) => {
      const [[one, two], topic, both] = [await stage.processes(2), stage.topic(), stage.gate()]
      const busy = new Set<string>()
      const working = (name: string) => async (): Promise<void> => {
        busy.add(name)
        // Each waits for the other: alone neither gets on.
        if (busy.size === 2) both.open()
        await both.opened
      }
      const [first, second] = [stage.recorder(working('one')), stage.recorder(working('two'))]
      await one.bus.subscribe(topic, first.handle, { consumerGroup: 'g', prefetch: 1 })
      await two.bus.subscribe(topic, second.handle, { consumerGroup: 'g', prefetch: 1 })
      await stage.ready(one, two)
      const entries = Array.from({ length: 40 }, (_, payload) => ({ type: 'tested', payload, key: `k${payload}` }))
      await one.bus.publishBatch(topic, entries)
      await stage.within('Both are at work', both.opened)
      await stage.context.until('All are handled', () => first.handled.count + second.handled.count >= 40)
      assert.equal(new Set([...first.payloads, ...second.payloads]).size, 40)
    }),
  },
]
