import type { Loan } from './loan.ts'
import type { Member } from './member.ts'

/** One call of `pull`, from its start to its answer. */
export class Pull {
  readonly answer: Promise<readonly Loan[]>
  readonly #member: Member
  readonly #max: number
  readonly #signal: AbortSignal
  readonly #aborted = (): void => this.#abort()
  #resolve!: (loans: readonly Loan[]) => void
  #reject!: (error: Error) => void
  /** The backend knows of it. */
  #asked = false
  #onTheWay: readonly Loan[] | undefined
  #over = false

  constructor(member: Member, max: number, signal: AbortSignal) {
    this.#member = member
    this.#max = max
    this.#signal = signal
    const answer = new Promise<readonly Loan[]>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.answer = member.scene.plan.world.abrupt ? passedOn(answer, member.link.dice.between(0, 6)) : answer
    signal.addEventListener('abort', this.#aborted, { once: true })
    const { link } = member
    link.later(() => {
      if (link.fate('pull') !== 'works') return this.#fail(link.failure())
      this.#asked = true
      this.serve()
    })
  }

  get waiting(): boolean {
    return !this.#over
  }

  serve(): void {
    if (!this.#asked || this.#over || this.#onTheWay !== undefined) return
    const { group, link } = this.#member
    const loans = group.lend(this.#member, link.dice.chance(0.6) ? this.#max : link.dice.between(1, this.#max))
    if (loans.length === 0) return
    this.#onTheWay = loans
    link.later(() => this.arrive())
  }

  /** What is on its way is there. */
  arrive(): void {
    if (this.#onTheWay === undefined || this.#over) return
    const loans = this.#onTheWay.filter(({ open }) => open)
    this.#onTheWay = undefined
    if (loans.length === 0) return this.serve()
    this.#member.scene.oracle.window.delivered(this.#member, loans)
    this.#end(loans)
  }

  /** What is on its way and concerned turns round. */
  retract(concerned: (loan: Loan) => boolean): void {
    for (const loan of this.#onTheWay ?? []) if (concerned(loan)) loan.lose('moved')
  }

  /** The consumer closes. */
  cancel(): void {
    if (this.#over) return
    this.retract(() => true)
    this.#end([])
  }

  #abort(): void {
    const { link } = this.#member
    // What is on its way arrives all the same, or turns round.
    if (this.#onTheWay !== undefined && link.dice.chance(0.5)) return
    link.later(() => this.cancel(), link.dice.between(0, 1))
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#signal.removeEventListener('abort', this.#aborted)
    this.#reject(error)
  }

  #end(loans: readonly Loan[]): void {
    this.#over = true
    this.#signal.removeEventListener('abort', this.#aborted)
    this.#resolve(loans)
  }
}

/** As through so many functions that wait for one another. */
function passedOn<Result>(answer: Promise<Result>, times: number): Promise<Result> {
  return times === 0
    ? answer
    : passedOn(
        answer.then((result) => result),
        times - 1,
      )
}
