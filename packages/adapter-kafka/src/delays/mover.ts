import { delayedTopicOf, type Delivery, type Message, PublishError } from '@bus/core/spi'
import type { Common } from '../common.ts'
import { GroupConsumer } from '../consume/group-consumer.ts'
import { pause } from '../pause.ts'

const mostAtOnce = 500
const longestPauseMs = 5_000

/**
 * Publishes to a topic what was put off for it, as soon as it is due. All movers of a topic are one group, whatever
 * process they are in: each message is moved by one of them, once unless that one dies in the middle of it.
 */
export class Mover {
  readonly #common: Common
  readonly #topic: string
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(common: Common, topic: string) {
    this.#common = common
    this.#topic = topic
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      const consumer = this.#consumer()
      try {
        await consumer.start()
        await this.#move(consumer)
      } catch (error) {
        this.#common.settings.log.warn(`what was put off for "${this.#topic}" cannot be moved on: ${String(error)}`)
      } finally {
        await consumer.close()
      }
      await pause(pauseMs, signal)
    }
  }

  #consumer(): GroupConsumer {
    const delayed = delayedTopicOf(this.#topic)
    const options = { topics: [{ topic: delayed, startFrom: 'earliest' as const }] }
    const traits = { group: this.#common.names.movers(this.#topic), tail: delayed, marks: false }
    return new GroupConsumer(this.#common, options, traits, () => {})
  }

  async #move(consumer: GroupConsumer): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const due = await consumer.pull(mostAtOnce, signal)
      if (due.length > 0) await this.#publish(due.toSorted((a, b) => dueOf(a) - dueOf(b)))
    }
  }

  async #publish(due: readonly Delivery[]): Promise<void> {
    let failed: (index: number) => boolean = () => false
    try {
      await this.#common.publish(due.map((delivery) => this.#copyOf(delivery)))
    } catch (error) {
      const failures = error instanceof PublishError ? new Set(error.failures.map(({ index }) => index)) : undefined
      failed = (index) => failures?.has(index) ?? true
      if (!this.#stop.signal.aborted) {
        this.#common.settings.log.warn(`what is due on "${this.#topic}" cannot be published: ${String(error)}`)
      }
      await pause(1_000, this.#stop.signal)
    }
    for (const [index, delivery] of due.entries()) void (failed(index) ? delivery.release() : delivery.ack())
  }

  /** It keeps its time, so that a consumer whose clock is late does not see it early. */
  #copyOf({ message: { key, headers, body, notBefore } }: Delivery): Message {
    return { topic: this.#topic, key, headers, body, notBefore }
  }
}

function dueOf({ message }: Delivery): number {
  return message.notBefore ?? 0
}
