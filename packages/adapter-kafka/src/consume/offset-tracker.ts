import type { LogRecord } from '../driver/driver.ts'
import type { Loan } from './loan.ts'

/** A record that came before its time; in epoch milliseconds. */
export interface Early {
  readonly due: number
  /** When it came. */
  readonly since: number
  /** Its time has not come yet, and nothing else was done about it. */
  waits: boolean
  /** A copy is being stored that is to wait in its place. */
  moves: boolean
}

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
  /** `undefined`: it did not come early. */
  early: Early | undefined

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
 * that wait; among them, those that came before their time. Turns acknowledgements in any order into the one offset that Kafka can be told.
 */
export class OffsetTracker {
  #slots: Slot[] = []
  #head = 0
  /** What is at or after it has never been taken. */
  #cursor = 0
  /** Given back, or come early and due by now. */
  readonly #returned: Slot[] = []
  #waiting = 0
  #lent = 0
  #early = 0
  #doneBeforeCursor = 0
  #compactAt = 512

  /** How many can be taken. */
  get waiting(): number {
    return this.#waiting
  }

  get lent(): number {
    return this.#lent
  }

  /** How many are to be taken when their time has come. */
  get early(): number {
    return this.#early
  }

  /** Offsets grow from call to call. */
  add(slot: Slot): void {
    this.#slots.push(slot)
    if (slot.early !== undefined) this.#early++
    else if (!slot.done) this.#waiting++
  }

  /** The time of one that came early has come. */
  due(slot: Slot): void {
    this.takeEarly(slot)
    this.giveBack(slot)
  }

  /** Takes one that still waits for its time. */
  takeEarly(slot: Slot): void {
    ;(slot.early as Early).waits = false
    this.#early--
    this.#lent++
  }

  /** It waits for its time again. */
  giveBackEarly(slot: Slot): void {
    ;(slot.early as Early).waits = true
    this.#early++
    this.#lent--
  }

  take(): Slot | undefined {
    const fresh = this.#fresh()
    const returned = this.#returned[0]
    // One that came early may be younger than what waits.
    const again = returned !== undefined && (fresh === undefined || returned.offset < fresh.offset)
    const slot = again ? this.#returned.shift() : fresh
    if (slot === undefined) return undefined
    if (!again) this.#cursor++
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

  /** The lowest offset that is not done and does not wait for its time. */
  lowDue(): number | undefined {
    if (this.#early === 0) return this.low()
    for (const slot of this) if (!slot.done && slot.early?.waits !== true) return slot.offset
    return undefined
  }

  /** The highest offset that has been taken; `undefined` if none above the lowest open one has. */
  reach(): number | undefined {
    return this.#cursor > this.#head ? this.#slots[this.#cursor - 1]?.end : undefined
  }

  /** Those on loan, in order of their offsets. */
  *open(): Generator<Slot> {
    for (const slot of this) if (slot.loan !== undefined) yield slot
  }

  /** Those that carry a note, in order of their offsets. */
  *noted(): Generator<Slot> {
    for (const slot of this) if (!slot.done && slot.note !== undefined) yield slot
  }

  /** From the lowest that is not done. */
  *[Symbol.iterator](): Generator<Slot> {
    for (let at = this.#head; at < this.#slots.length; at++) yield this.#slots[at] as Slot
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

  /** The first that was never taken. */
  #fresh(): Slot | undefined {
    const slots = this.#slots
    for (; this.#cursor < slots.length; this.#cursor++) {
      const slot = slots[this.#cursor] as Slot
      if (slot.early === undefined && !slot.done) return slot
      if (slot.done) this.#doneBeforeCursor++
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
