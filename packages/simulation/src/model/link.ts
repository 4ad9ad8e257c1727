import { BackendUnavailableError } from '@bus/core/spi'
import type { Subscription } from '../app/subscription.ts'
import type { Owner } from '../run/agenda.ts'
import type { Dice } from '../run/dice.ts'
import type { Rates } from '../plan/plan.ts'
import type { Scene } from '../run/scene.ts'

/** Milliseconds that a call takes on its way or back at most, by the world's latency; those that hang aside. */
export const longest = [0, 3, 20, 1_500] as const

export type CallKind = keyof Rates

/** What becomes of a call: it works; it never gets there; it works, but the answer never comes back. */
export type Fate = 'works' | 'lost' | 'unanswered'

/** A call on its way. */
export interface Call<Result> {
  readonly answer: Promise<Result>
  /** Has it take effect now, if it ever does. */
  flush(): void
}

/** One process's connection to the backend: it takes time, and calls fail. */
export class Link {
  readonly scene: Scene
  readonly owner: Owner
  /** Whose consumer it is that is asked for. */
  subscriptionOf: (topic: string, group: string | undefined) => Subscription = () => {
    throw new Error('nobody subscribes')
  }
  readonly #dice: Dice
  readonly #onTheWay = new Set<() => void>()
  #outageUntil = 0
  #hangs = 0

  constructor(scene: Scene, owner: Owner, stream: number) {
    this.scene = scene
    this.owner = owner
    this.#dice = scene.dice(2, stream)
  }

  get dice(): Dice {
    return this.#dice
  }

  /** Calls that have not been answered. */
  get pending(): number {
    return this.#onTheWay.size
  }

  outage(ms: number): void {
    this.#outageUntil = Math.max(this.#outageUntil, this.scene.agenda.now + ms)
  }

  latency(): number {
    const { latency } = this.scene.plan.world
    if (latency < 2) return latency === 0 ? 0 : this.#dice.between(0, longest[1])
    if (latency === 3 && this.#dice.chance(0.1)) return this.#dice.between(100, longest[3])
    return this.#dice.chance(0.3) ? 0 : this.#dice.between(0, longest[2])
  }

  fate(kind: CallKind | 'other'): Fate {
    const { scene } = this
    if (scene.calm) return 'works'
    const rate = kind === 'other' ? 0 : scene.plan.world.rates[kind]
    if (scene.agenda.now >= this.#outageUntil && !this.#dice.chance(rate)) return 'works'
    return this.#dice.chance(0.5) ? 'lost' : 'unanswered'
  }

  failure(): Error {
    return new BackendUnavailableError('the simulated backend did not answer')
  }

  /** After a while, `run`, unless the process has died. */
  later(run: () => void, ms: number = this.latency()): void {
    const { agenda } = this.scene
    agenda.add(this.owner, ms, run)
  }

  /** How often the backend kept it waiting for very long. */
  get hangs(): number {
    return this.#hangs
  }

  /** An answer that takes very long. */
  delay(ms: number): Promise<void> {
    this.#hangs++
    const answer = (): void => {}
    this.#onTheWay.add(answer)
    return new Promise((resolve) => {
      this.later(() => {
        this.#onTheWay.delete(answer)
        resolve()
      }, ms)
    })
  }

  /** `effect` takes place at the backend after a while, the answer comes after another. */
  request<Result>(kind: CallKind | 'other', effect: () => Result): Call<Result | undefined> {
    const fate = this.fate(kind)
    let done = false
    let result: Result | undefined
    const flush = (): void => {
      if (done) return
      done = true
      if (fate !== 'lost') result = effect()
    }
    this.#onTheWay.add(flush)
    const answer = new Promise<Result | undefined>((resolve, reject) => {
      this.later(() => {
        flush()
        this.later(() => {
          this.#onTheWay.delete(flush)
          if (fate === 'works') resolve(result)
          else reject(this.failure())
        })
      })
    })
    return { answer, flush }
  }

  /** The process has died: of what was on its way, some gets there. */
  cut(): void {
    const calls = [...this.#onTheWay]
    this.#onTheWay.clear()
    for (const flush of calls) if (this.#dice.chance(0.5)) flush()
  }
}
