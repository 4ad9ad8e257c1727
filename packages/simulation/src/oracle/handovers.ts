import type { Loan } from '../model/loan.ts'
import type { Member } from '../model/member.ts'
import type { Owner } from '../run/agenda.ts'
import type { Scene } from '../run/scene.ts'

interface Asked {
  readonly owner: Owner
  /** When it was asked for. */
  readonly step: number
}

/** What is taken back from a living member is given back or finished before anybody else gets it. */
export class Handovers {
  readonly #scene: Scene
  readonly #asked = new Map<readonly Loan[], Asked>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  begins({ owner }: Member, open: readonly Loan[]): void {
    for (const { record } of open) record.leaving ??= 'asked'
    this.#asked.set(open, { owner, step: this.#scene.steps })
  }

  /** A member lets others have a turn; once that is over it knows of what it was just asked. */
  breathes(owner: Owner): () => void {
    const { steps } = this.#scene
    const asked = [...this.#asked].filter(([, one]) => one.step === steps && one.owner === owner)
    return () => {
      for (const [open] of asked)
        for (const { record } of open) if (record.leaving === 'asked') record.leaving = 'known'
    }
  }

  /** Resolved, or too late. */
  ends(open: readonly Loan[]): void {
    this.#asked.delete(open)
    for (const { record } of open) record.leaving = undefined
  }

  /** Of members that live. */
  get running(): number {
    return [...this.#asked.values()].filter(({ owner }) => owner.alive).length
  }

  isDone(member: Member, open: readonly Loan[]): void {
    for (const loan of open) {
      const { record, item } = loan
      if (!loan.open || record.settled !== undefined) continue
      this.#scene.fail(
        'a hand-over waits for what runs',
        `${member.name} hands over ${item.stored.fact.id} at ${loan}, which is not settled`,
      )
    }
  }
}
