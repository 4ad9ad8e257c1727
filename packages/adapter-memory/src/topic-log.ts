import type { Message } from '@bus/core/spi'
import { MemoryMessage } from './message.ts'

/** What the log of a topic holds at one moment. */
export interface LogContent {
  readonly next: number
  readonly floor: number
  readonly lastStoredAt: number
  /** In their order, with gaps where some have left. */
  readonly messages: readonly MemoryMessage[]
}

/** Whoever reads the log at their own pace; nothing from `cursor` on may leave it. */
export interface Reader {
  readonly cursor: number
}

/** How many steps (a message stored or settled) lie at least between two searches for what may leave the log. */
const minimalPause = 1024

/**
 * The messages of one topic in the order they were published. Recent ones are in an array without gaps; those that
 * must stay although newer ones have left already (`kept`, or still open in some group) are set aside.
 */
export class TopicLog {
  readonly readers: Reader[] = []
  readonly #maxHistory: number
  #aside: MemoryMessage[] = []
  #recent: MemoryMessage[] = []
  /** The sequence number of `#recent[0]`. */
  #first = 1
  /** What history begins with; raised by {@link clear}. */
  #floor = 1
  #pause = minimalPause
  #lastStoredAt = 0

  constructor(maxHistory: number) {
    this.#maxHistory = maxHistory
  }

  /** Only while it is empty and nobody reads it. */
  restore({ next, floor, lastStoredAt, messages }: LogContent): void {
    let gap = messages.length
    while (gap > 0 && messages[gap - 1]?.sequence === next - (messages.length - gap) - 1) gap--
    this.#aside = messages.slice(0, gap)
    this.#recent = messages.slice(gap)
    this.#first = next - this.#recent.length
    this.#floor = floor
    this.#lastStoredAt = lastStoredAt
  }

  content(): LogContent {
    this.#trim()
    const messages = [...this.#aside, ...this.#recent]
    return { next: this.next, floor: this.#floor, lastStoredAt: this.#lastStoredAt, messages }
  }

  /** The sequence number that the next message will get. */
  get next(): number {
    return this.#first + this.#recent.length
  }

  /** Where a reader begins that wants all of history. */
  get earliest(): number {
    return this.#floor
  }

  append(message: Message, now: number): void {
    // A clock that was set back must not put a later message before an earlier one.
    if (now > this.#lastStoredAt) this.#lastStoredAt = now
    this.#recent.push(new MemoryMessage(message, this.#first + this.#recent.length, this.#lastStoredAt))
    this.step()
  }

  /** To be called whenever a message was settled: now and then it lets go of what is no longer needed. */
  step(): void {
    if (--this.#pause < 0) this.#trim()
  }

  /** The first message at or after `sequence`. */
  from(sequence: number): MemoryMessage | undefined {
    if (sequence >= this.#first) return this.#recent[sequence - this.#first]
    return this.#aside[lowerBound(this.#aside, sequence)] ?? this.#recent[0]
  }

  /** How many there are at or after `sequence`. */
  countFrom(sequence: number): number {
    if (sequence >= this.#first) return this.next - sequence
    return this.#aside.length - lowerBound(this.#aside, sequence) + this.#recent.length
  }

  /** What history holds, oldest first. */
  history(): MemoryMessage[] {
    this.#trim()
    const visible = (message: MemoryMessage): boolean => message.sequence >= this.#floor
    return [...this.#aside.filter(visible), ...this.#recent.filter(visible)]
  }

  /** Empties the history. What a reader has not settled stays for the reader. */
  clear(): void {
    this.#floor = this.next
    this.#trim()
  }

  /** Lets go of the oldest messages that every reader has settled, but for the newest `maxHistory` of them. */
  #trim(): void {
    const limit = this.readers.reduce((lowest, { cursor }) => Math.min(lowest, cursor), this.next)
    if (this.#aside.length > 0) {
      this.#aside = this.#aside.filter((message) => message.sequence >= limit || this.#stays(message))
    }
    const settling = Math.min(limit - this.#first, this.#recent.length)
    let settled = 0
    let index = settling - 1
    for (; index >= 0; index--) {
      const message = this.#recent[index] as MemoryMessage
      if (this.#stays(message)) continue
      if (++settled > this.#maxHistory || message.sequence < this.#floor) break
    }
    if (index >= 0) this.#leave(index + 1)
    // In proportion to the work just done, so that its share of each step is bounded.
    this.#pause = Math.max(minimalPause, settling - index + this.#aside.length)
  }

  #leave(count: number): void {
    for (const message of this.#recent.splice(0, count)) if (this.#stays(message)) this.#aside.push(message)
    this.#first += count
  }

  #stays(message: MemoryMessage): boolean {
    return message.holds > 0 || (message.retention === 'kept' && message.sequence >= this.#floor)
  }
}

/** The index of the first one at or after `sequence`. */
function lowerBound(messages: readonly MemoryMessage[], sequence: number): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle] as MemoryMessage).sequence < sequence) low = middle + 1
    else high = middle
  }
  return low
}
