import { untilAborted } from '@bus/core/spi'
import type { Assignment, Identity, Joined, Link } from '../driver/driver.ts'
import { codeOf, DriverError, isTransient } from '../driver/driver-error.ts'
import { pause, within } from '../pause.ts'
import type { Settings } from '../settings.ts'
import { assign, protocolName } from './assignment.ts'

/** Why a member joins again: others come or go; the group does without it; it does not reach the group. */
type Ending = 'rebalance' | 'expelled' | 'silence'

/** Whom a membership is for. */
export interface Member {
  readonly topics: readonly string[]
  /** What it has, see {@link Subscription.owned}. */
  owned(): string
  /** How many partitions each topic has now. */
  counts(): Promise<ReadonlyMap<string, number>>
  /**
   * Takes what is new, and begins to give up what is not in the assignment any more; when that is done it calls
   * {@link Membership.rejoin}. Rejects if `signal` aborts.
   */
  assigned(assignment: Assignment, signal: AbortSignal): Promise<void>
  /** Others may have it all by now. Resolves when nothing is on loan any more, or it has waited long enough. */
  lost(): Promise<void>
}

export interface MembershipStatus {
  readonly status: 'joining' | 'ready' | 'failing'
  readonly reason?: string
}

/**
 * A member of a group, by the classic protocol: join, be assigned partitions, give signs of life until somebody comes
 * or goes, join again. It is written out here because kafkajs' own consumer drops its partitions under handlers that
 * run, and comes back from a lost connection as a stranger that waits for its own ghost.
 */
export class Membership {
  readonly #group: string
  readonly #member: Member
  readonly #link: Link
  readonly #shared: Link
  readonly #settings: Settings
  readonly #stop = new AbortController()
  #status: MembershipStatus = { status: 'joining' }
  #memberId = ''
  #identity: Identity | undefined
  #coordinator: number | undefined
  #leads = false
  #end = new AbortController()
  #running: Promise<void> | undefined
  #heard = 0

  /** `link` is for this membership alone: brokers answer in order, and a join waits for others. */
  constructor(group: string, member: Member, link: Link, shared: Link, settings: Settings) {
    this.#group = group
    this.#member = member
    this.#link = link
    this.#shared = shared
    this.#settings = settings
  }

  get status(): MembershipStatus {
    if (this.#status.status !== 'ready') return this.#status
    const silentMs = Date.now() - this.#heard
    const tolerated = Math.max(2_000, this.#settings.heartbeatIntervalMs * 3)
    return silentMs <= tolerated
      ? this.#status
      : { status: 'failing', reason: `no answer from the group for ${silentMs} ms` }
  }

  /** Whom commits are from; `undefined` while there was no assignment. */
  get identity(): Identity | undefined {
    return this.#identity
  }

  get leads(): boolean {
    return this.#leads
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async coordinator(): Promise<number> {
    return (this.#coordinator ??= await this.#shared.coordinator(this.#group))
  }

  /** It may be another one now. */
  coordinatorLost(): void {
    this.#coordinator = undefined
  }

  /** There is something to give out: what this member gave up, or, if it leads, partitions that were added. */
  rejoin(): void {
    this.#end.abort('rebalance' satisfies Ending)
  }

  /** The name to leave the group with; `undefined` if it has none. */
  async stop(): Promise<string | undefined> {
    this.#stop.abort()
    this.#end.abort()
    const member = this.#memberId
    this.#link.close()
    await this.#running
    return this.#memberId || member || undefined
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let failures = 0
    while (!signal.aborted) {
      const end = (this.#end = new AbortController())
      const beats = new AbortController()
      try {
        const assignment = await this.#join()
        void this.#beat(end, beats.signal)
        await this.#stay(assignment, end.signal)
        failures = 0
        if (signal.aborted) return
        if (end.signal.reason !== ('rebalance' satisfies Ending)) await this.#lose(end.signal.reason as Ending)
      } catch (error) {
        if (signal.aborted) return
        failures++
        await this.#recover(error, failures)
        await pause(Math.min(1_000, 50 * 2 ** failures), signal)
      } finally {
        beats.abort()
        end.abort()
      }
    }
  }

  async #stay(assignment: Assignment, ended: AbortSignal): Promise<void> {
    try {
      await this.#member.assigned(assignment, ended)
      const waits = assignment.partial && Object.keys(assignment.partitions).length === 0
      if (!waits) this.#status = { status: 'ready' }
    } catch (error) {
      if (!ended.aborted) throw error
    }
    if (!ended.aborted) await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve()))
  }

  async #join(): Promise<Assignment> {
    const { sessionTimeoutMs, log } = this.#settings
    const rebalanceTimeoutMs = Math.max(10_000, sessionTimeoutMs)
    // An answer that was lost, or comes after a restart of its broker, would be waited for without end. Who asks again by
    // the same name is told the same, or goes on waiting for the others; so it need not wait as long as they may take.
    // https://github.com/apache/kafka/blob/4.1.0/group-coordinator/src/main/java/org/apache/kafka/coordinator/group/GroupMetadataManager.java, classicGroupJoinExistingMember
    const patienceMs = Math.max(10_000, rebalanceTimeoutMs / 2)
    const inTime = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
      within(
        untilAborted(this.#stop.signal, answer),
        patienceMs,
        () => new DriverError('TIMEOUT', `the group "${this.#group}" does not answer`, true),
      )
    const node = await inTime(this.coordinator())
    let joined: Joined
    do {
      joined = await inTime(
        this.#link.join(node, {
          group: this.#group,
          member: this.#memberId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          protocol: protocolName,
          subscription: { topics: this.#member.topics, owned: this.#member.owned() },
        }),
      )
      this.#memberId = joined.member
    } while (!joined.complete && !this.#stop.signal.aborted)
    this.#leads = joined.leads
    const identity = { group: this.#group, member: joined.member, generation: joined.generation }
    const assignments = joined.leads
      ? assign(joined.members, await inTime(this.#member.counts()))
      : new Map<string, Assignment>()
    const assignment = await inTime(this.#link.sync(node, identity, assignments))
    this.#heard = Date.now()
    this.#identity = identity
    const { partitions, partial } = assignment
    log.debug(
      `group "${this.#group}", generation ${identity.generation}: ${JSON.stringify(partitions)}${partial ? ' for now' : ''}`,
    )
    return assignment
  }

  async #beat(end: AbortController, over: AbortSignal): Promise<void> {
    const { heartbeatIntervalMs, sessionTimeoutMs, requestTimeout } = this.#settings
    const identity = this.#identity as Identity
    const patience = Math.max(1_000, Math.min(sessionTimeoutMs / 3, requestTimeout))
    const late = (): Error => new DriverError('TIMEOUT', 'no answer to a heartbeat', true)
    for (;;) {
      await pause(heartbeatIntervalMs, over)
      if (over.aborted) return
      try {
        const beat = async (): Promise<void> => this.#link.heartbeat(await this.coordinator(), identity)
        await within(beat(), patience, late)
        this.#heard = Date.now()
      } catch (error) {
        if (over.aborted) return
        const code = codeOf(error)
        if (code === 'REBALANCE_IN_PROGRESS') {
          this.#heard = Date.now()
          end.abort('rebalance' satisfies Ending)
        } else if (code !== undefined && strangers.has(code)) end.abort('expelled' satisfies Ending)
        else {
          this.coordinatorLost()
          if (code === 'TIMEOUT') this.#link.reset()
          if (Date.now() - this.#heard > sessionTimeoutMs) end.abort('silence' satisfies Ending)
        }
      }
    }
  }

  async #lose(ending: Ending): Promise<void> {
    this.#settings.log.warn(
      `group "${this.#group}": ${ending === 'silence' ? 'cannot be reached' : 'has expelled this member'}`,
    )
    this.#status = { status: 'joining' }
    this.#identity = undefined
    await this.#member.lost()
  }

  async #recover(error: unknown, failures: number): Promise<void> {
    const code = codeOf(error)
    this.coordinatorLost()
    if (code === 'TIMEOUT') this.#link.reset()
    if (code === 'UNKNOWN_MEMBER_ID') {
      this.#memberId = ''
      if (this.#identity !== undefined) await this.#lose('expelled')
    } else if (this.#identity !== undefined && Date.now() - this.#heard > this.#settings.sessionTimeoutMs) {
      await this.#lose('silence')
    }
    const reason = error instanceof Error ? error.message : String(error)
    // The first ones are part of a coordinator's or a rebalance's ordinary life.
    const ordinary =
      isTransient(error) || code === 'REBALANCE_IN_PROGRESS' || (code !== undefined && strangers.has(code))
    if (failures < 3 && ordinary) return
    if (this.#status.status !== 'failing') this.#settings.log.warn(`group "${this.#group}": ${reason}`)
    this.#status = { status: 'failing', reason }
  }
}

const strangers: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])
