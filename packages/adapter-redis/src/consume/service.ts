import type { Delivery } from '@bus/core/spi'
import { raise, type Turn } from '../link/turns.ts'
import type { OwnLink, Waker, Watch } from '../link/waker.ts'
import { isLower } from '../topics/position.ts'
import type { Loan } from './delivery.ts'
import { Bell } from './bell.ts'
import { Desk } from './desk.ts'
import type { LoanStream } from './loan-stream.ts'

export interface ServiceHost {
  /** Those who share the streams without keys. */
  readonly group?: string
  /**
   * What there is now, about `max` at most. `behind`, for members of a group: only of streams without keys, by a command
   * sent behind the one that waits there; it never rejects.
   */
  fetch(max: number, behind?: OwnLink): Promise<Loan[]>
  streams(): readonly LoanStream[]
}

/** Serves whoever pulls: fetches while there is something, and waits for news where there is not. */
export class Service {
  readonly #waker: Waker
  readonly #host: ServiceHost
  readonly #desk: Desk<Loan>
  readonly #bells: Map<string, Bell> = new Map()
  /** Of the streams without keys. */
  readonly #turns: Map<string, Turn> = new Map()
  /** Of what was told, nothing has been looked for yet. */
  #told: Watch | undefined
  #serving = false
  #fetching: Promise<Loan[]> | undefined
  /** What the connection that waits will bring along. */
  #behind: Promise<void> | undefined
  #looked = false
  #wake: (() => void) | undefined
  #closed = false

  constructor(waker: Waker, host: ServiceHost) {
    this.#waker = waker
    this.#host = host
    this.#desk = new Desk(() => void this.#serve())
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#desk.pull(max, signal)
  }

  /** There may be something to fetch that no stream tells of. */
  look(): void {
    this.#looked = true
    this.#wake?.()
  }

  /** Resolves when nothing is being fetched any more that was asked for before. */
  async fetched(): Promise<void> {
    await this.#fetching?.catch(() => {})
  }

  /** Takes back what nobody has pulled yet. */
  withdraw(matching: (loan: Loan) => boolean): void {
    this.#desk.withdraw(matching)
  }

  /** Where the streams stand is not known any more. */
  forget(): void {
    for (const turn of this.#turns.values()) turn.upTo = '0-0'
  }

  close(): void {
    this.#closed = true
    this.#desk.close()
    this.#wake?.()
    for (const stream of this.#turns.keys()) this.#waker.turns.leave(stream, this.#host.group ?? '')
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    let failure: { readonly error: unknown } | undefined
    try {
      while (this.#desk.wanted > 0 && !this.#closed) {
        this.#looked = false
        if (this.#told !== undefined && this.#behind !== undefined) {
          await this.#behind
          this.#report()
          continue
        }
        this.#fetching = this.#host.fetch(this.#desk.wanted)
        const loans = await this.#fetching
        this.#fetching = undefined
        if (this.#closed) return
        this.#report()
        if (loans.length > 0) this.#desk.put(loans)
        else await this.#news()
      }
    } catch (error) {
      failure = { error }
    } finally {
      this.#serving = false
      this.#report()
      // What it brings along would lie here while somebody else could have it.
      if (this.#behind !== undefined) this.#waker.recall()
    }
    // Only now: whoever is told may pull again at once.
    if (failure !== undefined) this.#desk.fail(failure.error)
  }

  #sendBehind(waiting: OwnLink): void {
    const { wanted } = this.#desk
    if (wanted === 0 || this.#behind !== undefined || this.#host.group === undefined) return
    this.#behind = this.#host.fetch(wanted, waiting).then((loans) => {
      this.#behind = undefined
      if (this.#closed || loans.length === 0) return
      this.#desk.put(loans)
      this.#wake?.()
    })
  }

  /** Says that what was told has been looked for. */
  #report(): void {
    const told = this.#told
    if (told === undefined) return
    this.#told = undefined
    for (const { key, last } of this.#host.streams()) {
      const turn = this.#turns.get(key)
      if (turn !== undefined) raise(turn, last)
    }
    this.#waker.looked(told)
  }

  /** Until one of the streams has something new, or there is something else to look at. */
  #news(): Promise<void> {
    const fresh = this.#host.streams().filter(({ mode, blocked }) => mode === 'fresh' && !blocked)
    if (this.#looked || fresh.some(({ hot }) => hot)) return Promise.resolve()
    return new Promise((resolve) => {
      const watch = this.#watch(fresh)
      this.#wake = () => {
        this.#wake = undefined
        this.#waker.delete(watch)
        resolve()
      }
      this.#waker.add(watch)
    })
  }

  /** Streams without keys by themselves; all partitions of a topic by its bell. */
  #watch(fresh: readonly LoanStream[]): Watch {
    const streams = new Map<string, string>()
    const told = new Map<string, (id: string, fields: readonly Buffer[]) => boolean>()
    const byBell = new Map<string, LoanStream[]>()
    for (const stream of fresh) {
      if (stream.number > 0) {
        const { keyedBell } = stream.topic
        byBell.set(keyedBell, [...(byBell.get(keyedBell) ?? []), stream])
        continue
      }
      streams.set(stream.key, stream.last)
      this.#share(stream.key)
      // What was brought along is here already. Without fields nobody knows what there is.
      told.set(stream.key, (id, fields) => {
        if (fields.length === 0 || isLower(stream.last, id)) stream.hot = true
        return true
      })
    }
    for (const [key, partitions] of byBell) {
      const bell = this.#bells.get(key) ?? new Bell()
      this.#bells.set(key, bell)
      streams.set(key, bell.last)
      told.set(key, (id, fields) => {
        streams.set(key, id)
        return bell.rung(id, fields, partitions)
      })
    }
    const watch: Watch = {
      streams,
      turns: this.#turns,
      behind: (waiting) => this.#sendBehind(waiting),
      woken: (key, id, fields) => {
        if (told.get(key)?.(id, fields) === true) {
          this.#told = watch
          this.#wake?.()
        }
        // Nothing of it is ours.
        else if (this.#wake !== undefined) this.#waker.add(watch)
      },
    }
    return watch
  }

  #share(stream: string): void {
    const { group } = this.#host
    if (group === undefined || this.#turns.has(stream)) return
    this.#turns.set(stream, this.#waker.turns.join(stream, group))
  }
}
