import type { Committed, Link } from '../driver/driver.ts'
import { codeOf, isTransient } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import { pause } from '../pause.ts'
import type { Log } from '../log.ts'
import { maxMetadataBytes } from './commit-metadata.ts'
import type { Membership } from './membership.ts'
import type { Partition } from './partition.ts'

const spacingMs = 100
/** Commits are refused while a group waits for its leader, which may be dead. What is done meanwhile would be done again. */
const overdueMs = 2_000

/** Tells the group how far it is: one commit at a time, never more than ten a second unless somebody waits for it. */
export class Commits {
  readonly #membership: Membership
  readonly #link: Link
  readonly #log: Log
  readonly #caughtUp: () => void
  readonly #dirty = new Set<Partition>()
  #timer: NodeJS.Timeout | undefined
  #committing: Promise<void> | undefined
  #maxBytes = maxMetadataBytes
  /** Since when there is something that the group was not told; and the same for what is being sent. */
  #untoldSince: number | undefined
  #sendingSince: number | undefined
  #stopped = false
  #refusal: string | undefined

  /** `caughtUp` is called when commits are not overdue any more. */
  constructor(membership: Membership, link: Link, log: Log, caughtUp: () => void) {
    this.#caughtUp = caughtUp
    this.#membership = membership
    this.#link = link
    this.#log = log
  }

  /** So much is done that the group does not know of, that nothing more should be begun. */
  get overdue(): boolean {
    const since = this.#sendingSince ?? this.#untoldSince
    return since !== undefined && Date.now() - since > overdueMs
  }

  get problem(): string | undefined {
    return this.overdue ? `commits are not taken${this.#refusal === undefined ? '' : `: ${this.#refusal}`}` : undefined
  }

  changed(partition: Partition, now: boolean): void {
    this.#dirty.add(partition)
    this.#untoldSince ??= Date.now()
    if (now) this.#soon()
    else this.#timer ??= setTimeout(this.#tick, spacingMs)
  }

  /** Everything, with nothing begun that has not ended. Resolves in any case, at the latest after `ms`. */
  async settle(partitions: readonly Partition[], ms: number): Promise<boolean> {
    // For good: another commit may follow before they are gone.
    for (const partition of partitions) partition.ending = true
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), ms)
    try {
      while (!late.signal.aborted) {
        if (this.#committing === undefined) {
          const sending = this.#send(partitions)
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
    // What has changed while a commit is on its way follows it, see `#hold`.
    if (this.#stopped || this.#committing !== undefined) return
    const partitions = [...this.#dirty]
    this.#dirty.clear()
    const since = (this.#sendingSince = this.#untoldSince)
    this.#untoldSince = undefined
    const sending = this.#send(partitions)
    void sending.then((done) => {
      this.#sendingSince = undefined
      if (done) {
        if (since !== undefined && Date.now() - since > overdueMs) this.#caughtUp()
        return
      }
      for (const partition of partitions) if (!partition.lost) this.#dirty.add(partition)
      this.#untoldSince = since
      this.#complain()
    })
    this.#hold(sending)
  }

  /** Of what an operator has to put right, such as a missing ACL; a rebalance ends by itself, or in an expulsion. */
  #complain(): void {
    const { problem } = this
    const { identity } = this.#membership
    if (problem === undefined || identity === undefined) return
    if (this.#refusal === undefined || belated.has(this.#refusal)) return
    this.#log.warn(`group "${identity.group}": ${problem}; what is done now would be done again after a restart`)
  }

  /** One at a time, so that none overtakes another; then what has changed meanwhile. */
  #hold(sending: Promise<boolean>): void {
    this.#committing = sending.then(() => {
      this.#committing = undefined
      if (!this.#stopped && this.#dirty.size > 0) this.#timer ??= setTimeout(this.#tick, spacingMs)
    })
  }

  /** Whether it is done, or not to be done any more. */
  async #send(partitions: readonly Partition[]): Promise<boolean> {
    const { identity } = this.#membership
    if (identity === undefined) return false
    const commits = new Map<string, readonly [Partition, ReturnType<Partition['commit']>]>()
    for (const partition of partitions) {
      if (!partition.held) continue
      const commit = partition.commit(this.#maxBytes)
      if (same(commit, partition.stored)) partition.committed(commit)
      else commits.set(`${commit.topic}/${commit.partition}`, [partition, commit])
    }
    if (commits.size === 0) return true
    try {
      for (const [partition, commit] of commits.values()) partition.sent = commit
      const offsets = [...commits.values()].map(([, commit]) => commit)
      const results = await this.#link.commit(await this.#membership.coordinator(), identity, offsets)
      let problem: string | undefined
      let why: string | undefined
      for (const { topic, partition: id, error } of results) {
        const known = commits.get(`${topic}/${id}`)
        if (error === undefined) known?.[0].committed(known[1])
        else {
          problem = error
          why = explained(error, { operation: 'Read', group: identity.group, topic })
        }
      }
      if (problem !== undefined) return this.#refused(problem, why)
      this.#refusal = undefined
      return true
    } catch (error) {
      const code = codeOf(error)
      this.#refusal = code ?? String(error)
      if (isTransient(error)) this.#membership.coordinatorLost()
      return code === 'CLOSED'
    }
  }

  #refused(code: string, why = code): boolean {
    this.#refusal = why
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
