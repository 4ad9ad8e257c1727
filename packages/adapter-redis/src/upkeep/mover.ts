import { isReply } from '../link/failure.ts'
import type { Servers } from '../link/servers.ts'
import type { Watch } from '../link/waker.ts'
import { move } from '../scripts/delay.ts'
import type { Catalog } from '../topics/catalog.ts'
import type { Rounds } from './rounds.ts'

export interface MoverHost {
  readonly servers: Servers
  readonly catalog: Catalog
  readonly rounds: Rounds
  warn(message: string): void
}

interface Topic {
  /** Consumers in this process: they look even if nothing was put aside here. */
  users: number
  stop: (() => void) | undefined
  movedAt: number
  timer: NodeJS.Timeout | undefined
  moving: boolean
  again: boolean
  watch: Watch | undefined
  bell: string
}

const maxEvents = 200
const maxBytes = 1024 * 1024
// Should a word of somebody else's event have been missed.
const lookMs = 15_000
const pauseMs = 250

/**
 * Sees to it that what was put aside gets into its topic when it is due, whoever put it there. Every process that uses
 * the topic does so; the server's clock decides, so none is early and the work is done once.
 */
export class Mover {
  readonly #host: MoverHost
  readonly #topics = new Map<string, Topic>()
  #closed = false

  constructor(host: MoverHost) {
    this.#host = host
  }

  /** A consumer of the topic begins. The result ends it. */
  use(topic: string): () => void {
    const state = this.#state(topic)
    if (state.users++ === 0) {
      this.#listen(topic, state)
      state.stop = this.#host.rounds.join(() => {
        if (performance.now() - state.movedAt >= lookMs) void this.#move(topic)
      })
    }
    void this.#move(topic)
    return () => {
      if (--state.users > 0) return
      state.stop?.()
      if (state.watch !== undefined) this.#host.servers.waker(this.#bellOf(topic)).delete(state.watch)
      state.watch = undefined
    }
  }

  /** The first of all is due in so many milliseconds; negative: there is none. */
  expect(topic: string, nextMs: number): void {
    if (nextMs >= 0) this.#schedule(topic, this.#state(topic), nextMs)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#topics.values()) clearTimeout(timer)
  }

  #state(topic: string): Topic {
    let state = this.#topics.get(topic)
    if (state === undefined) {
      state = {
        users: 0,
        stop: undefined,
        movedAt: 0,
        timer: undefined,
        moving: false,
        again: false,
        watch: undefined,
        bell: '0-0',
      }
      this.#topics.set(topic, state)
    }
    return state
  }

  async #move(topic: string): Promise<void> {
    const state = this.#state(topic)
    if (this.#closed) return
    if (state.moving) {
      state.again = true
      return
    }
    state.moving = true
    state.again = false
    state.movedAt = performance.now()
    let nextMs = pauseMs
    try {
      const { catalog } = this.#host
      const keys = catalog.of(topic)
      const streams = keys.streams(catalog.partitions(topic))
      const reply = await catalog
        .linkTo(topic)
        .run(move, [keys.meta, keys.delayed, keys.delayedEntries, keys.keyedBell, ...streams], [maxEvents, maxBytes])
      const [, next, problem, unreadable] = reply as [number, number, Buffer, Buffer[]]
      nextMs = next
      if (unreadable.length > 0) {
        this.#host.warn(
          `Delayed events of topic "${topic}" cannot be read and stay in ${keys.delayedEntries}: ${unreadable.join(', ')}.`,
        )
      }
      if (problem.length > 0) {
        nextMs = pauseMs
        this.#warn(topic, problem.toString())
      }
    } catch (error) {
      // Without a connection, others say so.
      if (isReply(error)) this.#warn(topic, error.message)
    } finally {
      state.moving = false
    }
    if (state.again) nextMs = 0
    if (nextMs >= 0) this.#schedule(topic, state, nextMs)
  }

  #warn(topic: string, problem: string): void {
    this.#host.warn(`Delayed events of topic "${topic}" cannot be moved into it: ${problem}`)
  }

  #schedule(topic: string, state: Topic, ms: number): void {
    clearTimeout(state.timer)
    if (!this.#closed) state.timer = setTimeout(() => void this.#move(topic), Math.min(ms, lookMs))
  }

  #listen(topic: string, state: Topic): void {
    const bell = this.#bellOf(topic)
    const watch: Watch = {
      streams: new Map([[bell, state.bell]]),
      woken: (_stream, id) => {
        state.bell = id
        state.watch = undefined
        if (state.users === 0 || this.#closed) return
        this.#listen(topic, state)
        void this.#move(topic)
      },
    }
    state.watch = watch
    this.#host.servers.waker(bell).add(watch)
  }

  #bellOf(topic: string): string {
    return this.#host.catalog.of(topic).delayedBell
  }
}
