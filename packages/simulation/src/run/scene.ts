import { Broker } from '../model/broker.ts'
import type { Loan } from '../model/loan.ts'
import type { Attempt } from '../oracle/attempt.ts'
import { Oracle } from '../oracle/oracle.ts'
import type { Plan } from '../plan/plan.ts'
import { Agenda, newOwner, type Owner } from './agenda.ts'
import { Dice } from './dice.ts'

/** A promise that was broken. */
export interface Violation {
  readonly invariant: string
  readonly detail: string
}

/** What everything in one schedule shares. */
export class Scene {
  readonly plan: Plan
  readonly agenda: Agenda
  readonly oracle: Oracle
  readonly broker: Broker
  readonly backend: Owner = newOwner('backend')
  /** Writes a line of the trace, if there is one. */
  readonly say: ((line: string) => void) | undefined
  /** No more faults. */
  calm = false
  steps = 0
  /** The loan whose message the core looked at last. */
  touched: Loan | undefined
  readonly #starts = new Map<string, number>()
  #violation: Violation | undefined

  constructor(plan: Plan, write?: (line: string) => void) {
    this.plan = plan
    this.agenda = new Agenda(this.dice(0))
    this.say =
      write && ((line) => write(`${String(this.steps).padStart(5)} ${String(this.agenda.now).padStart(6)} ms  ${line}`))
    this.oracle = new Oracle(this)
    this.broker = new Broker(this)
  }

  get violation(): Violation | undefined {
    return this.#violation
  }

  dice(...stream: readonly number[]): Dice {
    return new Dice(this.plan.seed, ...stream)
  }

  /** How often the event was started before in its group. */
  startOf({ loan, fact }: Attempt): number {
    const name = `${loan.item.group.name} ${fact.id}`
    const before = this.#starts.get(name) ?? 0
    this.#starts.set(name, before + 1)
    return before
  }

  /** The first one counts; the schedule ends after this step. */
  fail(invariant: string, detail: string): void {
    this.say?.(`VIOLATION ${invariant}: ${detail}`)
    this.#violation ??= { invariant, detail }
  }
}
