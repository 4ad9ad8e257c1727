import type { Committed, Link } from '../driver/driver.ts'
import { codeOf, isTransient } from '../driver/driver-error.ts'
import { pause } from '../pause.ts'
import type { Log } from '../settings.ts'
import { maxMetadataBytes } from './commit-metadata.ts'
import type { Membership } from './membership.ts'
import type { Partition } from './partition.ts'

const spacingMs = 100

/** Tells the group how far it is: one commit at a time, never more than ten a second unless somebody waits for it. */
export class Commits {
  readonly #membership: Membership
  readonly #link: Link
  readonly #log: Log
  readonly #dirty = new Set<Partition>()
  #timer: NodeJS.Timeout | undefined
  #committing: Promise<void> | undefined
  #again = false
  #maxBytes = maxMetadataBytes
  #stopped = false

  constructor(membership: Membership, link: Link, log: Log) {
    this.#membership = membership
    this.#link = link
    this.#log = log
  }

  changed(partition: Partition, now: boolean): void {
    this.#dirty.add(partition)
    if (now) this.#soon()
    else this.#timer ??= setTimeout(this.#tick, spacingMs)
  }

  forget(partition: Partition): void {
    this.#dirty.delete(partition)
  }

  /** Everything, with nothing begun that has not ended. Resolves in any case, at the latest after `ms`. */
  async settle(partitions: readonly Partition[], ms: number): Promise<boolean> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), ms)
    try {
      while (!late.signal.aborted) {
        if (this.#committing === undefined) {
          const sending = this.#send(partitions, true)
          this.#hold(sending)
          if ((await Promise.race([sending, pause(ms, late.signal).then(() => false)])) === true) return true
          if (this.#membership.identity === undefined) return false
          await pause(50, late.signal)
        } else await Promise.race([this.#committing, pause(ms, late.signal)])
      }
      return false
    } finally {
      clearTimeout(timer)
      late.abort()
    }
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  readonly #tick = (): void => {
    this.#timer = undefined
    this.#soon()
  }

  #soon(): void {
    if (this.#stopped) return
    if (this.#committing !== undefined) {
      this.#again = true
      return
    }
    this.#again = false
    const partitions = [...this.#dirty]
    this.#dirty.clear()
    const sending = this.#send(partitions, false)
    void sending.then((done) => {
      if (!done) for (const partition of partitions) if (!partition.lost) this.#dirty.add(partition)
    })
    this.#hold(sending)
  }

  /** One at a time, so that none overtakes another; then what has changed meanwhile. */
  #hold(sending: Promise<boolean>): void {
    this.#committing = sending.then((done) => {
      this.#committing = undefined
      if (this.#stopped) return
      if (this.#again && done) this.#soon()
      else if (this.#dirty.size > 0) this.#timer ??= setTimeout(this.#tick, spacingMs)
    })
  }

  /** Whether it is done, or not to be done any more. */
  async #send(partitions: readonly Partition[], orderly: boolean): Promise<boolean> {
    const { identity } = this.#membership
    if (identity === undefined) return false
    const commits = new Map<string, readonly [Partition, ReturnType<Partition['commit']>]>()
    for (const partition of partitions) {
      if (!partition.held) continue
      const commit = partition.commit(orderly, this.#maxBytes)
      if (same(commit, partition.stored)) partition.committed(commit)
      else commits.set(`${commit.topic}/${commit.partition}`, [partition, commit])
    }
    if (commits.size === 0) return true
    try {
      for (const [partition, commit] of commits.values()) partition.sent = commit
      const offsets = [...commits.values()].map(([, commit]) => commit)
      const results = await this.#link.commit(await this.#membership.coordinator(), identity, offsets)
      let problem: string | undefined
      for (const { topic, partition: id, error } of results) {
        const known = commits.get(`${topic}/${id}`)
        if (error === undefined) known?.[0].committed(known[1])
        else problem = error
      }
      return problem === undefined || this.#refused(problem)
    } catch (error) {
      const code = codeOf(error)
      if (isTransient(error)) this.#membership.coordinatorLost()
      return code === 'CLOSED'
    }
  }

  #refused(code: string): boolean {
    if (code === 'OFFSET_METADATA_TOO_LARGE' || code === 'INVALID_COMMIT_OFFSET_SIZE') {
      this.#maxBytes = Math.floor(this.#maxBytes / 2)
      this.#log.warn(`the broker's offset.metadata.max.bytes is smaller than usual; keeping to ${this.#maxBytes} bytes`)
      return false
    }
    if (code === 'UNKNOWN_TOPIC_OR_PARTITION') return true
    // Whether this is still a member, or is one of the next generation soon, the next heartbeat tells.
    if (!belated.has(code)) this.#membership.coordinatorLost()
    return false
  }
}

const belated: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

function same(commit: Committed, stored: Committed | undefined): boolean {
  return stored?.offset === commit.offset && stored.metadata === commit.metadata
}
