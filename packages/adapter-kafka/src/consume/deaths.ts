import type { CommitNote } from './commit-metadata.ts'

/** From so many deaths without progress on, records are lent one at a time. */
const carefulFrom = 2
/** How far beyond the lowest open record the one that kills may be, as nobody can tell what was lent last. */
const window = 1_000

/**
 * Kafka does not count deliveries. Here a partition's commits say how often its lowest open record was begun, so that
 * a process that dies leaves its mark. Which of several records killed it is not known; hence, after the second death,
 * one at a time and each marked just before it is lent: what dies then is the one that is counted.
 */
export class Deaths {
  readonly #base: number
  readonly #count: number
  readonly #alone: boolean
  readonly #until: number

  constructor(base: number, { starts, alone, reach }: CommitNote) {
    this.#base = base
    this.#count = starts
    this.#alone = alone
    if (starts >= carefulFrom && !alone) this.#until = Math.max(base, reach ?? base)
    else this.#until = starts > 0 && alone ? Math.max(base, reach ?? base) : -1
  }

  /** How many died with the record at `offset` on loan. */
  of(offset: number): number {
    return offset === this.#base ? this.#count : 0
  }

  /** There is nothing to be careful about. */
  get none(): boolean {
    return this.#count === 0 && this.#until < 0
  }

  careful(low: number): boolean {
    return low <= this.#until
  }

  /** Whether a start at `low` has to be recorded before the loan, not after. */
  cautious(low: number): boolean {
    return this.#count > 0 && (low === this.#base || this.careful(low))
  }

  /** What to commit with `low`. `begun`: something is, or is about to be, on loan. */
  note(low: number, begun: boolean, lent: number, reach: number): Pick<CommitNote, 'starts' | 'alone' | 'reach'> {
    const careful = this.careful(low)
    const starts = this.of(low) + (begun ? 1 : 0)
    if (careful) return { starts, alone: begun || this.#alone, reach: this.#until }
    return { starts, alone: begun && lent === 1, reach: begun ? Math.max(reach, this.#until) : this.#until }
  }

  /** How far a loan that is about to be made may come. */
  reachOf(low: number, last: number): number {
    return Math.min(low + window, last)
  }
}
