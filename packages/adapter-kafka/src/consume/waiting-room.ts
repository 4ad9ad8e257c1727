import type { LogRecord } from '../driver/driver.ts'
import type { Early, Slot } from './offset-tracker.ts'
import type { Partition } from './partition.ts'

const mostRecords = 10_000
const mostBytes = 16 * 1024 * 1024
/** Clocks are set, and timers have a longest delay. */
const longestTimerMs = 60_000

export interface Waiting {
  readonly partition: Partition
  readonly slot: Slot & { readonly early: Early; readonly record: LogRecord }
  readonly bytes: number
}

/** The records of one consumer that came before their time. They hold up nothing that came after them. */
export class WaitingRoom {
  readonly #due: () => void
  readonly #most: number
  /** What is due first is last. */
  #waiting: Waiting[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = 0

  /** `due` is called when something can be lent that could not before. */
  constructor(due: () => void, most: number = mostRecords) {
    this.#due = due
    this.#most = most
  }

  get size(): number {
    return this.#waiting.length
  }

  get full(): boolean {
    return this.#waiting.length >= this.#most || this.#bytes >= mostBytes
  }

  add(waiting: Waiting): void {
    this.#insert(waiting)
    this.#schedule()
  }

  /** What is due last comes first. */
  [Symbol.iterator](): Iterator<Waiting> {
    return this.#waiting.values()
  }

  takeOut(matching: (waiting: Waiting) => boolean): Waiting[] {
    const gone: Waiting[] = []
    const stay: Waiting[] = []
    for (const waiting of this.#waiting) (matching(waiting) ? gone : stay).push(waiting)
    this.#waiting = stay
    return this.#taken(gone)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  #insert(waiting: Waiting): void {
    const { due } = waiting.slot.early
    let [low, high] = [0, this.#waiting.length]
    while (low < high) {
      const middle = (low + high) >> 1
      // Among those of one time the first to come is the first to go.
      if ((this.#waiting[middle] as Waiting).slot.early.due > due) low = middle + 1
      else high = middle
    }
    this.#waiting.splice(low, 0, waiting)
    this.#bytes += waiting.bytes
  }

  #taken(gone: Waiting[]): Waiting[] {
    for (const { bytes } of gone) this.#bytes -= bytes
    return gone
  }

  #schedule(): void {
    const next = this.#waiting.at(-1)?.slot.early.due
    if (next === undefined || (this.#timer !== undefined && this.#timerAt <= next)) return
    clearTimeout(this.#timer)
    this.#timerAt = next
    this.#timer = setTimeout(this.#tick, Math.min(longestTimerMs, Math.max(1, next - Date.now())))
  }

  readonly #tick = (): void => {
    this.#timer = undefined
    const now = Date.now()
    const gone: Waiting[] = []
    while ((this.#waiting.at(-1)?.slot.early.due ?? Infinity) <= now) gone.push(this.#waiting.pop() as Waiting)
    for (const { partition, slot } of this.#taken(gone)) partition.due(slot)
    this.#schedule()
    if (gone.length > 0) this.#due()
  }
}
