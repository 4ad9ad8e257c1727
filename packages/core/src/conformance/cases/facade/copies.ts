import assert from 'node:assert/strict'
import type { SubscriptionOptions } from '../../../index.ts'
import type { EventBusAdapter } from '../../../spi/index.ts'
import type { ConformanceCase } from '../../case.ts'
import { onStage, quick, stored, type Stage } from '../../support/facade-stage.ts'
import { faultyAdapter } from '../../support/faulty-adapter.ts'
import { decorate } from '../../support/decorate.ts'
import { bodyOf } from '../../support/messages.ts'
import { Sightings } from '../../support/facade-sightings.ts'

/** An adapter that stores no copy as long as it is `broken`, and notes what was tried. */
class CopyTrouble {
  broken = true
  readonly steps: Sightings<'refused' | 'stored' | 'acknowledged'>
  readonly #copies: string

  constructor(stage: Stage, copies: string) {
    this.steps = new Sightings('A step', stage.context.patienceMs)
    this.#copies = copies
  }

  readonly around = (adapter: EventBusAdapter): EventBusAdapter => {
    const noting = decorate(adapter, {
      publish: async (messages) => {
        await adapter.publish(messages)
        if (messages.some(({ topic }) => topic === this.#copies)) this.steps.add('stored')
      },
    })
    return faultyAdapter(noting, {
      publish: (messages) => {
        if (!this.broken || messages.every(({ topic }) => topic !== this.#copies)) return undefined
        this.steps.add('refused')
        return new Error('the disk is full')
      },
      ack: ({ message }) => {
        // The copy comes back as soon as it is stored, perhaps before its publisher hears of it.
        if (message.topic !== this.#copies && bodyOf(message).includes('"bad"')) this.steps.add('acknowledged')
        return undefined
      },
    })
  }
}

const ways: readonly {
  what: string
  copies: (topic: string) => string
  options: SubscriptionOptions
  starts: number[]
}[] = [
  {
    what: 'a dead letter',
    copies: (topic) => `${topic}.g.dlq`,
    options: { consumerGroup: 'g', useDLQ: true, maxRetries: 1, retry: quick },
    starts: [1, 2],
  },
  {
    what: 'a long retry',
    copies: (topic) => `${topic}.g.retry`,
    options: {
      consumerGroup: 'g',
      maxRetries: 1,
      retry: { ...quick, initialDelayMs: 30, maxDelayMs: 30, holdUpToMs: 0 },
    },
    starts: [1, 2],
  },
]

export const copyCases: readonly ConformanceCase[] = ways.flatMap(
  ({ what, copies, options, starts }): ConformanceCase[] => [
    {
      tier: 'facade',
      name: `${what} whose copy cannot be stored stays pending, is not acknowledged, and arrives once storing works again`,
      promise: 'At no moment is an event neither here nor there.',
      run: onStage(async (stage) => {
        const topic = stage.topic()
        const trouble = new CopyTrouble(stage, copies(topic))
        const process = await stage.process({ around: trouble.around })
        const { bus, hooks } = process
        const seen = stage.recorder(({ payload }) => {
          if (payload === 'bad') throw new Error('no')
        })
        await bus.subscribe(topic, seen.handle, { ...options, concurrency: 2 })
        await bus.publish(topic, 'tested', 'bad')
        await trouble.steps.reached(2)
        assert.deepEqual(trouble.steps.items, ['refused', 'refused'], 'It is tried again, and not acknowledged.')
        await hooks.error.first('the trouble', ({ error }) => String(error).includes('the disk is full'))
        assert.deepEqual([hooks.deadLetter.count, hooks.retry.items.filter(({ deferred }) => deferred).length], [0, 0])
        await bus.publish(topic, 'tested', 'meanwhile')
        await seen.handled.reached(1)
        trouble.broken = false
        await trouble.steps.first('the acknowledgement', (step) => step === 'acknowledged')
        const [copy, ...others] = await stored(stage, process, copies(topic), 1)
        assert.deepEqual([copy && bodyOf(copy).includes('"bad"'), others.length], [true, 0])
        const steps = trouble.steps.items.filter((step) => step !== 'refused')
        assert.deepEqual(steps.slice(0, 2), ['stored', 'acknowledged'], 'First the copy, then the acknowledgement.')
        await (options.useDLQ === true ? hooks.deadLetter : hooks.failed).reached(1)
        assert.deepEqual(
          seen.starts.items.filter(({ event }) => event.payload === 'bad').map(({ attempt }) => attempt),
          starts,
        )
      }),
    },
    {
      tier: 'facade',
      name: `${what} whose copy could not be stored until the process ended is handled by the next one`,
      promise: 'Even then nothing is lost.',
      run: onStage(async (stage) => {
        const topic = stage.topic()
        const trouble = new CopyTrouble(stage, copies(topic))
        const [one, two] = [await stage.process({ around: trouble.around }), await stage.process()]
        const seen = stage.recorder(() => Promise.reject(new Error('no')))
        const healed = stage.recorder()
        await one.bus.subscribe(topic, seen.handle, options)
        const published = await one.bus.publish(topic, 'tested', 'bad')
        await trouble.steps.reached(1)
        await one.bus.close({ timeoutMs: 100 })
        assert.ok(!trouble.steps.items.includes('acknowledged'))
        await two.bus.subscribe(topic, healed.handle, options)
        const [start] = await healed.handled.reached(1)
        assert.deepEqual(start?.event, published)
        assert.ok((start?.attempt ?? 0) >= (options.useDLQ === true ? 2 : 1), 'It is known how often it failed.')
      }),
    },
  ],
)
