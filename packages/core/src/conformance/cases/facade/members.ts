import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
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
  {
    tier: 'facade',
    name: 'a slow member leaves work to its peers',
    promise: 'No event waits behind the handlers of one member while another one is idle.',
    // Of the oldest: whole partitions belong to one member, and with them what it has not even taken.
    needs: { countsRedeliveries: ['each', 'none'] },
    run: onStage(async (stage) => {
      const [[one, two], topic] = [await stage.processes(2), stage.topic()]
      const [ready, free] = [stage.gate(), stage.gate()]
      const fast = stage.recorder(() => ready.opened)
      const slow = stage.recorder(() => (slow.starts.count <= 2 ? sleep(600) : free.opened))
      await one.bus.subscribe(topic, fast.handle, { consumerGroup: 'g' })
      await two.bus.subscribe(topic, slow.handle, { consumerGroup: 'g' })
      await stage.ready(one, two)
      const entries = Array.from({ length: 104 }, (_, payload) => ({ type: 'tested', payload }))
      // Before the pace of a member is known it takes what it can begin: no member has two of these.
      await one.bus.publishBatch(topic, entries.slice(0, 4))
      await slow.starts.reached(3)
      await one.bus.publishBatch(topic, entries.slice(4))
      ready.open()
      await fast.handled.reached(101)
      assert.equal(slow.starts.count, 3, 'It has nothing but what it is at.')
      free.open()
      await slow.handled.reached(3)
      assert.equal(new Set([...fast.payloads, ...slow.payloads]).size, 104)
    }),
  },
]
