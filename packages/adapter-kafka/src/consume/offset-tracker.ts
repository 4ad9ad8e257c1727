import type { LogRecord } from '../driver/driver.ts'
import type { Loan } from './loan.ts'

/** One record of a partition; or, once they are done, a run of them. */
export class Slot {
  readonly offset: number
  /** Of the last record of the run. */
  end: number
  record: LogRecord | undefined
  done = false
  /** What the last `release` left. */
  note: string | undefined
  /** On loan. */
  loan: Loan | undefined

  constructor(offset: number, record: LogRecord | undefined) {
    this.offset = offset
    this.end = offset
    this.record = record
    this.done = record === undefined
  }
}

/** First and last offset, both included. */
export type Run = readonly [first: number, last: number]

/**
 * The records of one partition from the lowest that is not done, in order: those on loan, those given back, and those
 * that wait. Turns acknowledgements in any order into the one offset that Kafka can be told.
 */
export class OffsetTracker {
  #slots: Slot[] = []
  #head = 0
  /** What is at or after it has never been taken. */
  #cursor = 0
  /** Given back, hence before everything that waits. */
  readonly #returned: Slot[] = []
  #waiting = 0
  #lent = 0
  #doneBeforeCursor = 0
  #compactAt = 512

  /** How many can be taken. */
  get waiting(): number {
    return this.#waiting
  }

  get lent(): number {
    return this.#lent
  }

  /** Offsets grow from call to call. */
  add(slot: Slot): void {
    this.#slots.push(slot)
    if (!slot.done) this.#waiting++
  }

  take(): Slot | undefined {
    const slot = this.#returned.shift() ?? this.#next()
    if (slot === undefined) return undefined
    this.#waiting--
    this.#lent++
    return slot
  }

  /** Back to its place: before everything that is younger. */
  giveBack(slot: Slot): void {
    this.#lent--
    this.#waiting++
    let at = this.#returned.length
    while (at > 0 && (this.#returned[at - 1] as Slot).offset > slot.offset) at--
    this.#returned.splice(at, 0, slot)
  }

  settle(slot: Slot): void {
    slot.done = true
    slot.record = undefined
    slot.note = undefined
    this.#lent--
    if (++this.#doneBeforeCursor >= this.#compactAt) this.#compact()
  }

  /** The lowest offset that is not done; `undefined` if all are. */
  low(): number | undefined {
    const slots = this.#slots
    while (this.#head < slots.length && (slots[this.#head] as Slot).done) {
      this.#head++
      if (this.#head > this.#cursor) this.#cursor = this.#head
      else this.#doneBeforeCursor--
    }
    if (this.#head > 1024 && this.#head * 2 > slots.length) {
      this.#slots = slots.slice(this.#head)
      this.#cursor -= this.#head
      this.#head = 0
    }
    return this.#slots[this.#head]?.offset
  }

  /** The highest offset that has been taken; `undefined` if none above the lowest open one has. */
  reach(): number | undefined {
    return this.#cursor > this.#head ? this.#slots[this.#cursor - 1]?.end : undefined
  }

  /** In order of their offsets. */
  *open(): Generator<Slot> {
    for (let at = this.#head; at < this.#cursor; at++) {
      const slot = this.#slots[at] as Slot
      if (slot.loan !== undefined) yield slot
    }
  }

  /** Those that carry a note, in order of their offsets. */
  *noted(): Generator<Slot> {
    for (let at = this.#head; at < this.#slots.length; at++) {
      const slot = this.#slots[at] as Slot
      if (!slot.done && slot.note !== undefined) yield slot
    }
  }

  /** What is done above the lowest open offset. */
  doneRuns(max: number): readonly Run[] {
    const runs: [number, number][] = []
    let run: [number, number] | undefined
    for (let at = this.#head; at < this.#slots.length && runs.length <= max; at++) {
      const slot = this.#slots[at] as Slot
      if (!slot.done) run = undefined
      else if (run !== undefined) run[1] = slot.end
      else runs.push((run = [slot.offset, slot.end]))
    }
    return runs.slice(0, max)
  }

  #next(): Slot | undefined {
    const slots = this.#slots
    while (this.#cursor < slots.length) {
      const slot = slots[this.#cursor++] as Slot
      if (!slot.done) return slot
      this.#doneBeforeCursor++
    }
    return undefined
  }

  /** One slow record must not let the list of those done behind it grow. */
  #compact(): void {
    const kept: Slot[] = []
    let runs = 0
    for (let at = this.#head; at < this.#cursor; at++) {
      const slot = this.#slots[at] as Slot
      const last = kept.at(-1)
      if (slot.done && last?.done === true) last.end = slot.end
      else {
        kept.push(slot)
        if (slot.done) runs++
      }
    }
    this.#slots = [...kept, ...this.#slots.slice(this.#cursor)]
    this.#head = 0
    this.#cursor = kept.length
    this.#doneBeforeCursor = runs
    this.#compactAt = runs * 2 + 512
  }
}
