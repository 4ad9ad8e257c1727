import { setTimeout as sleep } from 'node:timers/promises'
import { isLower } from '../topics/position.ts'
import { isReply } from './failure.ts'
import type { Argument, Link } from './link.ts'
import { after, awaited, raise, Turns, type Turn } from './turns.ts'

/** Somebody who wants to know when there is something new. Told once; then it asks again. */
export interface Watch {
  /** Streams, each with the id after which it is new. */
  readonly streams: ReadonlyMap<string, string>
  /** Streams of which one of those who share them is told at a time, who says then what became of it: see `looked`. */
  readonly turns?: ReadonlyMap<string, Turn>
  woken(stream: string, id: string, fields: readonly Buffer[]): void
  /**
   * Called behind the command that waits, with the connection it is on: what is sent there now is done as soon as the
   * wait is over, in the same round trip.
   */
  behind?(link: OwnLink): void
}

type Reply =
  | readonly (readonly [key: Buffer, rows: readonly (readonly [id: Buffer, fields: readonly Buffer[]])[]])[]
  | null

const blockMs = 5_000
// Where the server does not permit to interrupt a waiting connection, it must come back by itself.
const uninterruptedMs = 50
// How long those who were told have to ask again before the others are waited for without them.
const graceMs = 1
// Each costs the server a little whenever somebody is told of something.
const mostBehind = 8

/** A connection for one purpose. */
export interface OwnLink {
  onReady(listener: () => void): () => void
  whenReady(signal: AbortSignal): Promise<void>
  command(name: string, ...args: readonly Argument[]): Promise<unknown>
  reset(why: string): void
  /** Connects as long as it takes. */
  start(): void
  close(): void
}

/**
 * One connection on which all consumers of an adapter wait. It reads without a group, so it moves nothing: a reply that
 * is lost, or comes late, or goes to a process that is stopped, does no harm. Fetching is done elsewhere, or by what is sent
 * behind the wait: the server looks at it only when the wait is over, and then whether it may still be done.
 */
export class Waker {
  readonly turns: Turns = new Turns()
  readonly #link: OwnLink
  readonly #interrupter: Link
  readonly #watches = new Set<Watch>()
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #blockMs = blockMs
  #clientId: Buffer | number | undefined
  /** What the connection waits for at the moment. */
  #awaited: ReadonlyMap<string, string> | undefined
  #changed = false
  #added = 0
  #interrupting = false
  #nudge: (() => void) | undefined

  /** `link` is only for this; `interrupter` is any other to the same server. */
  constructor(link: OwnLink, interrupter: Link) {
    this.#link = link
    this.#interrupter = interrupter
    link.onReady(() => (this.#clientId = undefined))
  }

  add(watch: Watch): void {
    this.#watches.add(watch)
    this.#added++
    for (const [stream, turn] of watch.turns ?? []) raise(turn, watch.streams.get(stream) ?? '0-0')
    if (this.#running === undefined) {
      this.#link.start()
      this.#running = this.#run()
    }
    this.#extend([watch])
  }

  delete(watch: Watch): void {
    this.#watches.delete(watch)
  }

  /** Ends the wait under way: somebody wants what is sent behind it to be over. */
  recall(): void {
    this.#changed = true
    this.#interrupt()
  }

  /** Who was told has looked: if that left something, the next one is told. */
  looked(watch: Watch): void {
    let passed = false
    for (const turn of watch.turns?.values() ?? []) {
      if (turn.holder !== watch) continue
      turn.holder = undefined
      passed = true
    }
    if (passed) this.#extend(this.#watches)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#nudge?.()
    this.#link.close()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      if (this.#watches.size === 0) {
        await this.#pause()
        continue
      }
      try {
        await this.#link.whenReady(signal)
        this.#clientId ??= (await this.#link.command('CLIENT', 'ID')) as number
        const reply = await this.#wait()
        if (reply !== null) await this.#tell(reply)
      } catch (error) {
        if (signal.aborted) return
        // A key that is no stream: whoever owns it learns of it by reading.
        if (isReply(error)) this.#tellAll()
        await sleep(isReply(error) ? 1_000 : 50, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #wait(): Promise<Reply> {
    const first = new Map<string, string>()
    for (const watch of this.#watches) {
      for (const [stream, id] of awaited(watch)) {
        const known = first.get(stream)
        if (known === undefined || isLower(id, known)) first.set(stream, id)
      }
    }
    this.#changed = false
    if (first.size === 0) {
      await this.#pause()
      return null
    }
    this.#awaited = first
    try {
      const args = ['COUNT', 1, 'BLOCK', this.#blockMs, 'STREAMS', ...first.keys(), ...first.values()]
      const reply = this.#link.command('XREAD', ...args)
      this.#follow()
      return (await reply) as Reply
    } finally {
      this.#awaited = undefined
    }
  }

  /** Of those who take turns the next one only. */
  #follow(): void {
    const taken = new Set<Turn>()
    for (const watch of this.#watches) {
      if (watch.behind === undefined || taken.size >= mostBehind) continue
      const turns = [...(watch.turns?.values() ?? [])]
      if (turns.some((turn) => turn.holder !== undefined || taken.has(turn))) continue
      for (const turn of turns) taken.add(turn)
      watch.behind(this.#link)
    }
  }

  async #tell(reply: NonNullable<Reply>): Promise<void> {
    const told = new Map<Watch, Parameters<Watch['woken']>[]>()
    for (const [key, rows] of reply) {
      const stream = key.toString()
      const [row, fields] = rows[0] ?? []
      const id = row?.toString('latin1') ?? ''
      // Who has waited longest comes first.
      for (const watch of this.#watches) {
        const known = after(watch, stream)
        if (known === undefined || !isLower(known, id)) continue
        const turn = watch.turns?.get(stream)
        if (turn !== undefined) turn.holder = watch
        const news = told.get(watch)
        if (news === undefined) told.set(watch, [[stream, id, fields ?? []]])
        else news.push([stream, id, fields ?? []])
      }
    }
    for (const watch of told.keys()) this.#watches.delete(watch)
    this.#added = 0
    for (const [watch, news] of told) for (const one of news) watch.woken(...one)
    const end = performance.now() + graceMs
    while (this.#watches.size > 0 && this.#added < told.size && performance.now() < end && !this.#stop.signal.aborted) {
      await this.#pause(graceMs)
    }
  }

  /** Until something is added, it closes, or the time is over. */
  async #pause(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#nudge = resolve
      if (ms !== undefined) timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
    this.#nudge = undefined
  }

  #tellAll(): void {
    for (const watch of [...this.#watches]) {
      this.#watches.delete(watch)
      for (const [stream, id] of watch.streams) watch.woken(stream, id, [])
    }
  }

  /** Sees to it that what these wait for is waited for. */
  #extend(watches: Iterable<Watch>): void {
    if (this.#awaited === undefined) return this.#nudge?.()
    for (const watch of watches) {
      if (covers(this.#awaited, watch)) continue
      this.#changed = true
      return this.#interrupt()
    }
  }

  /** The list of streams has grown while the connection waits for the old one. */
  #interrupt(): void {
    if (this.#interrupting || this.#awaited === undefined || this.#blockMs === uninterruptedMs) return
    this.#interrupting = true
    const again = (): void => {
      this.#interrupting = false
      // It may have come before the wait it was meant for.
      if (this.#awaited !== undefined && this.#changed) setTimeout(() => this.#changed && this.#interrupt(), 2)
    }
    this.#interrupter.command('CLIENT', 'UNBLOCK', this.#clientId as number).then(again, (error: unknown) => {
      if (isReply(error)) {
        this.#blockMs = uninterruptedMs
        // The wait under way is the last long one: a new connection ends it.
        this.#link.reset('it must not be interrupted')
      } else setTimeout(again, 50)
      this.#interrupting = false
    })
  }
}

/** Whoever waits for `streams` also learns of what is new for the watch. */
function covers(streams: ReadonlyMap<string, string>, watch: Watch): boolean {
  for (const [stream, id] of awaited(watch)) {
    const from = streams.get(stream)
    if (from === undefined || isLower(id, from)) return false
  }
  return true
}
