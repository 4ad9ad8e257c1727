import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { ConsumerState } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import type { Waker, Watch } from '../link/waker.ts'
import { beat } from '../scripts/beat.ts'
import { leave } from '../scripts/settle.ts'
import type { Rounds } from '../upkeep/rounds.ts'

/** What a sign of life was answered with. */
export interface Standing {
  /** My partitions, each with its token. */
  readonly shares: ReadonlyMap<number, string>
  /** How many of them others should have. */
  readonly surplus: number
  /** For each base stream: entries in the pools. */
  readonly pools: readonly { readonly free: number; readonly lost: number }[]
}

export interface MembershipOptions {
  readonly link: Link
  readonly waker: Waker
  /** The regular signs of life. */
  readonly rounds: Rounds
  readonly group: string
  readonly keys: {
    readonly members: string
    readonly leases: string
    readonly bell: string
    readonly bases: readonly string[]
  }
  readonly partitions: number
  readonly leaseMs: number
  standing(standing: Standing): void
  /** The lease ended: whatever was on loan is lost. A new name is taken at once. */
  expelled(): void
}

type Reply = readonly [
  gen: number,
  surplus: number,
  short: number,
  nextEnd: number,
  bell: Buffer,
  mine: readonly (number | Buffer)[],
  pools: readonly number[],
]

// Before the server would say so: a reply takes time, and clocks do not run alike.
const ownShareOfLease = 0.95
const shortLookMs = 250
const failedPauseMs = 1_000

/** One member of a group: its signs of life, and what they tell. */
export class Membership {
  readonly #options: MembershipOptions
  readonly #stops: readonly (() => void)[]
  #me = newName()
  #generation = -1
  #validUntil = 0
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #again = false
  #entered = false
  #left = false
  #failure: unknown
  #watch: Watch | undefined

  constructor(options: MembershipOptions) {
    this.#options = options
    this.#stops = [options.link.onReady(() => this.hint()), options.rounds.join(() => this.hint())]
  }

  get me(): string {
    return this.#me
  }

  /** Nobody can have ended the lease yet. */
  get valid(): boolean {
    return performance.now() < this.#validUntil
  }

  get state(): ConsumerState {
    if (!this.#entered) return { status: 'joining' }
    if (this.#failure === undefined) return { status: 'ready' }
    return { status: 'failing', reason: this.#failure instanceof Error ? this.#failure.message : String(this.#failure) }
  }

  /** One sign of life; those that are asked for while one is on its way become one more. */
  beat(): Promise<void> {
    if (this.#left) return Promise.resolve()
    if (this.#beating !== undefined) {
      this.#again = true
      return this.#beating
    }
    this.#beating = this.#beatOnce().finally(() => {
      this.#beating = undefined
      if (!this.#again) return
      this.#again = false
      this.hint()
    })
    return this.#beating
  }

  /** A generation that is not the known one, or something else to look at. */
  hint(generation?: number): void {
    if (generation === this.#generation || this.#left || !this.#entered) return
    this.beat().catch(() => {})
  }

  /** Somebody else has found out that the lease is over. */
  expelled(): void {
    this.#me = newName()
    this.#validUntil = 0
    this.#options.expelled()
  }

  /** `dirty`: partitions in which something of a dead owner is left. */
  async leave(dirty: readonly number[]): Promise<void> {
    this.stop()
    const { link, keys, group } = this.#options
    await link.run(leave, [keys.members, keys.leases, keys.bell, ...keys.bases], [this.#me, group, ...dirty])
  }

  stop(): void {
    this.#left = true
    clearTimeout(this.#timer)
    for (const stop of this.#stops) stop()
    if (this.#watch !== undefined) this.#options.waker.delete(this.#watch)
  }

  async #beatOnce(): Promise<void> {
    const { link, keys, group, leaseMs, partitions } = this.#options
    const sentAt = performance.now()
    const known = [keys.members, keys.leases, keys.bell, ...keys.bases]
    let soonerMs: number | undefined
    try {
      for (let enter = this.#entered ? 0 : 1; ; enter = 1) {
        const args = [this.#me, group, leaseMs, Math.min(Math.ceil(leaseMs / 4), 5_000), partitions, enter]
        const reply = (await link.run(beat, known, args)) as Reply | 0
        if (this.#left) return
        if (reply !== 0) {
          this.#validUntil = sentAt + leaseMs * ownShareOfLease
          soonerMs = this.#take(reply)
          break
        }
        this.expelled()
      }
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      soonerMs = failedPauseMs
      throw error
    } finally {
      if (!this.#left) this.#schedule(soonerMs)
    }
  }

  /** When the next one is due, if that is before the regular one. */
  #take([generation, surplus, short, nextEnd, bell, mine, pools]: Reply): number | undefined {
    this.#generation = generation
    this.#entered = true
    const shares = new Map<number, string>()
    for (let at = 0; at < mine.length; at += 2) shares.set(Number(mine[at]), String(mine[at + 1]))
    const counts = this.#options.keys.bases.map((_, index) => ({
      free: pools[index * 2] ?? 0,
      lost: pools[index * 2 + 1] ?? 0,
    }))
    this.#listen(bell.toString('latin1'))
    this.#options.standing({ shares, surplus, pools: counts })
    if (short > 0) return nextEnd < 0 ? shortLookMs : Math.min(shortLookMs, nextEnd + 5)
    return nextEnd < 0 || nextEnd > this.#options.leaseMs / 3 ? undefined : nextEnd + 5
  }

  #listen(last: string): void {
    const { waker, keys } = this.#options
    if (this.#watch !== undefined) {
      if (this.#watch.streams.get(keys.bell) === last) return
      waker.delete(this.#watch)
    }
    const watch: Watch = {
      streams: new Map([[keys.bell, last]]),
      woken: () => {
        if (this.#watch === watch) this.#watch = undefined
        this.hint()
      },
    }
    this.#watch = watch
    waker.add(watch)
  }

  #schedule(ms: number | undefined): void {
    clearTimeout(this.#timer)
    if (ms !== undefined) this.#timer = setTimeout(() => this.hint(), Math.max(1, ms))
  }
}

function newName(): string {
  return `${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-') || 'host'}:${process.pid}:${randomBytes(6).toString('hex')}`
}
