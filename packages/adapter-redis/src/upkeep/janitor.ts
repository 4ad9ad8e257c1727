import { isReply } from '../link/failure.ts'
import { trim } from '../scripts/upkeep.ts'
import type { Settings } from '../settings.ts'
import type { Catalog } from '../topics/catalog.ts'

export interface JanitorHost {
  readonly catalog: Catalog
  readonly settings: Settings
  warn(message: string): void
  /** At most so many were removed that a group had not handled. */
  lost(topic: string, events: number): void
}

const everyMs = 1_000
const everyEvents = 10_000

interface Topic {
  events: number
  timer: NodeJS.Timeout | undefined
  working: boolean
}

/** Retention: looks at a topic a while after something was stored in it, and never in the way of what is stored. */
export class Janitor {
  readonly #host: JanitorHost
  readonly #topics = new Map<string, Topic>()
  #closed = false

  constructor(host: JanitorHost) {
    this.#host = host
  }

  /** So many events were stored, or (0) it is only to be looked at. */
  touch(topic: string, events: number): void {
    if (this.#closed) return
    let state = this.#topics.get(topic)
    if (state === undefined) {
      state = { events: 0, timer: undefined, working: false }
      this.#topics.set(topic, state)
    }
    state.events += events
    if (state.events >= everyEvents) void this.#clean(topic, state)
    else state.timer ??= this.#later(topic, state)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#topics.values()) clearTimeout(timer)
  }

  #later(topic: string, state: Topic): NodeJS.Timeout {
    // Not worth keeping a process alive for.
    return setTimeout(() => void this.#clean(topic, state), everyMs * (0.75 + Math.random() / 2)).unref()
  }

  async #clean(topic: string, state: Topic): Promise<void> {
    clearTimeout(state.timer)
    state.timer = undefined
    if (state.working || this.#closed) return
    state.working = true
    state.events = 0
    const { catalog, settings } = this.#host
    const { maxAgeMs, keptMaxAgeMs, maxLength, hardCap } = settings.retention
    const keys = catalog.of(topic)
    try {
      const streams = keys.streams(catalog.partitions(topic))
      const reply = await catalog
        .linkTo(topic)
        .run(trim, [keys.meta, keys.readers, ...streams], [maxAgeMs, keptMaxAgeMs, maxLength, hardCap])
      const [, lost] = reply as [number, number]
      if (lost > 0) {
        this.#host.lost(topic, lost)
        this.#host.warn(
          `Up to ${lost} events of topic "${topic}" were removed before every group had handled them: the topic had more than ${hardCap} events (retention.hardCap).`,
        )
      }
    } catch (error) {
      // Next time; without a connection, others say so.
      if (isReply(error)) this.#host.warn(`Retention of topic "${topic}" could not be applied: ${error.message}`)
    } finally {
      state.working = false
    }
  }
}
