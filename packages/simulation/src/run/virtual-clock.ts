import type { EventBusOptions } from '@bus/core'
import type { Agenda, Owner, Task } from './agenda.ts'
import type { Dice } from './dice.ts'

export type Clock = NonNullable<EventBusOptions['clock']>

/** The time, the timers and the chance of one simulated process. */
export class VirtualClock implements Clock {
  readonly #agenda: Agenda
  readonly #owner: Owner
  readonly #dice: Dice
  readonly #breathes: () => () => void
  #uuids = 0
  #timers = 0

  /** `breathes` is called when the process lets others have a turn; what it returns, when that is over. */
  constructor(agenda: Agenda, owner: Owner, dice: Dice, breathes: () => () => void) {
    this.#agenda = agenda
    this.#owner = owner
    this.#dice = dice
    this.#breathes = breathes
  }

  /** How many are set. */
  get timers(): number {
    return this.#timers
  }

  now(): number {
    return this.#agenda.wall
  }

  timer(ms: number, callback: () => void, background: boolean = false): () => void {
    let task: Task | undefined
    // By way of a promise, so that the callback finds the asynchronous context that set the timer, as with a real one.
    void new Promise<void>((fire) => {
      task = this.#agenda.add(this.#owner, Math.ceil(ms), fire, background)
    }).then(() => {
      if (task === undefined) return
      task = undefined
      this.#timers--
      callback()
    })
    this.#timers++
    return () => {
      if (task === undefined) return
      this.#agenda.cancel(task)
      task = undefined
      this.#timers--
    }
  }

  breathe(): Promise<void> {
    const breathed = this.#breathes()
    return new Promise((resolve) => {
      this.#agenda.add(this.#owner, 0, () => {
        breathed()
        resolve()
      })
    })
  }

  random(): number {
    return this.#dice.float()
  }

  uuid(): string {
    return `${this.#owner.name}-${++this.#uuids}`
  }
}
