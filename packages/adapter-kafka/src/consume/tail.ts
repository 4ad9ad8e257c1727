import { type Message, PublishError } from '@bus/core/spi'
import { KafkaMessage } from '../stored-message.ts'
import type { Slot } from './offset-tracker.ts'
import type { Partition } from './partition.ts'
import type { Waiting, WaitingRoom } from './waiting-room.ts'

// Nothing may go round and round without a pause.
const everyMs = 1_000
const mostAtOnce = 1_000
/** What is due so soon is left alone. */
const soonMs = 2_000
const longMs = 60_000
const veryLongMs = 24 * 60 * 60 * 1_000
/** Beyond so many offsets what is done does not fit into what is committed. */
const longestSpan = 16_000

export interface TailOptions {
  /** Where copies go: the end of the topic they come from, or of one that is consumed along with it. */
  readonly topic: string
  readonly room: WaitingRoom
  publish(messages: readonly Message[]): Promise<void>
  partitions(): readonly Partition[]
  /** There is room again. */
  moved(): void
}

/**
 * Records that wait for their time keep back the one offset that Kafka is told, and are lost when the log's end reaches
 * them. Copies at its other end wait on in their place; and those due last make room for those behind them.
 */
export class Tail {
  readonly #options: TailOptions
  readonly #timer: NodeJS.Timeout
  #moving: Promise<void> | undefined

  constructor(options: TailOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.check(), everyMs)
  }

  check(): void {
    if (this.#moving !== undefined) return
    const chosen = this.#choose()
    if (chosen.length === 0) return
    this.#moving = this.#move(chosen).finally(() => (this.#moving = undefined))
  }

  /** No more copies are made. Resolves when those under way are stored, or are not. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#moving
  }

  /** Resolves when no copy is under way. */
  async idle(): Promise<void> {
    await this.#moving
  }

  #choose(): readonly Waiting[] {
    const { room } = this.#options
    if (room.size === 0) return []
    const now = Date.now()
    const partitions = new Set(this.#options.partitions().filter(({ held, leaving }) => held && !leaving))
    const chosen = new Set<Slot>()
    for (const { slots } of partitions) for (const slot of keptBack(slots, now)) chosen.add(slot)
    if (room.full) for (const { slot } of room) if (chosen.size < mostAtOnce) chosen.add(slot)
    let count = 0
    return room.takeOut(({ partition, slot }) => partitions.has(partition) && chosen.has(slot) && count++ < mostAtOnce)
  }

  async #move(chosen: readonly Waiting[]): Promise<void> {
    const loans = chosen.map(({ partition, slot }) => partition.takeEarly(slot))
    let failed: (index: number) => boolean = () => false
    try {
      await this.#options.publish(chosen.map((waiting) => this.#copyOf(waiting)))
    } catch (error) {
      const failures = error instanceof PublishError ? new Set(error.failures.map(({ index }) => index)) : undefined
      failed = (index) => failures?.has(index) ?? true
    }
    for (const [index, waiting] of chosen.entries()) {
      if (failed(index)) waiting.partition.giveBackEarly(waiting)
      else void loans[index]?.ack()
    }
    this.#options.moved()
  }

  #copyOf({ partition, slot }: Waiting): Message {
    const { key, headers, body, notBefore } = new KafkaMessage(partition.topic, partition.id, slot.record)
    return { topic: this.#options.topic, key, headers, body, notBefore }
  }
}

/** Those of one partition that are in the way: while the lowest waits, what is done behind it cannot be left behind. */
export function keptBack(slots: Iterable<Slot>, now: number): readonly Slot[] {
  const early: Slot[] = []
  let [inTheWay, old, done, last] = [0, 0, 0, 0]
  for (const slot of slots) {
    if (slot.done) {
      done += slot.end - slot.offset + 1
      inTheWay = early.length
      last = slot.end
    } else if (slot.early?.waits === true && slot.early.due > now + soonMs) {
      early.push(slot)
      if (Number(slot.record?.timestamp) < now - veryLongMs) old = early.length
    }
  }
  const [lowest] = early
  if (lowest?.early === undefined) return early
  const isLong = lowest.early.since < now - longMs && done >= inTheWay
  const isTooMuch = last - lowest.offset > longestSpan
  return early.slice(0, Math.max(old, isLong || isTooMuch ? inTheWay : 0))
}
