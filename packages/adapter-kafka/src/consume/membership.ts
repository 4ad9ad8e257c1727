import type { Assignment, Identity, Joined } from '../driver/driver.ts'
import { codeOf, DriverError, isTransient } from '../driver/driver-error.ts'
import { pause, within } from '../pause.ts'
import type { Settings } from '../settings.ts'
import { assign, protocolName } from './assignment.ts'
import type { Wire } from './wire.ts'

/** Why a member has to let go: others come or go; the group does without it; it does not reach the group. */
export type Ending = 'rebalance' | 'expelled' | 'silence'

/** Whom a membership is for. */
export interface Member {
  readonly topics: readonly string[]
  /** What it has, see {@link ownedText}. */
  owned(): string
  /** How many partitions each topic has now. */
  counts(): Promise<ReadonlyMap<string, number>>
  /** `unbroken`: nobody else can have had what this member had before. Rejects if `signal` aborts. */
  assigned(assignment: Assignment, unbroken: boolean, signal: AbortSignal): Promise<void>
  /** Resolves when nothing is on loan any more, or it has waited long enough. */
  revoked(ending: Ending): Promise<void>
}

export interface MembershipStatus {
  readonly status: 'joining' | 'ready' | 'failing'
  readonly reason?: string
}

/**
 * A member of a group, by the classic protocol: join, be assigned partitions, give signs of life until somebody comes
 * or goes, let go, join again. It is written out here because kafkajs' own consumer rejoins without waiting for handlers
 * that run, and comes back from a lost connection as a stranger that waits for its own ghost.
 */
export class Membership {
  readonly #group: string
  readonly #member: Member
  readonly #wire: Wire
  readonly #settings: Settings
  readonly #stop = new AbortController()
  #status: MembershipStatus = { status: 'joining' }
  #memberId = ''
  #identity: Identity | undefined
  #coordinator: number | undefined
  #applied: Identity | undefined
  #leads = false
  #end: AbortController | undefined
  #running: Promise<void> | undefined
  #heard = 0

  constructor(group: string, member: Member, wire: Wire, settings: Settings) {
    this.#group = group
    this.#member = member
    this.#wire = wire
    this.#settings = settings
  }

  get status(): MembershipStatus {
    if (this.#status.status !== 'ready') return this.#status
    const silentMs = Date.now() - this.#heard
    const tolerated = Math.max(2_000, this.#settings.heartbeatIntervalMs * 3)
    return silentMs <= tolerated ? this.#status : { status: 'failing', reason: `no answer from the group for ${silentMs} ms` }
  }

  /** Whom commits are from; `undefined` while there is no assignment. */
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
    return (this.#coordinator ??= await this.#wire.link.coordinator(this.#group))
  }

  /** It may be another one now. */
  coordinatorLost(): void {
    this.#coordinator = undefined
  }

  /** Lets go of what this member has, and joins again. */
  end(ending: Ending): void {
    this.#end?.abort(ending)
  }

  /** The name to leave the group with; `undefined` if it has none. */
  async stop(): Promise<string | undefined> {
    this.#stop.abort()
    this.#end?.abort('rebalance')
    const member = this.#memberId
    this.#wire.close()
    await this.#running
    return this.#memberId || member || undefined
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let failures = 0
    while (!signal.aborted) {
      const end = (this.#end = new AbortController())
      try {
        const assignment = await this.#join()
        const beats = new AbortController()
        void this.#beat(end, beats.signal)
        try {
          await this.#stay(assignment, end.signal)
          failures = 0
          // While handlers come to their end, signs of life go on.
          if (!signal.aborted) await this.#member.revoked(end.signal.reason as Ending)
        } finally {
          beats.abort()
          end.abort()
          this.#identity = undefined
        }
      } catch (error) {
        if (signal.aborted) return
        failures++
        this.#recover(error, failures)
        await pause(Math.min(1_000, 50 * 2 ** failures), signal)
      }
    }
  }

  async #stay(assignment: Assignment, ended: AbortSignal): Promise<void> {
    const identity = this.#identity as Identity
    const before = this.#applied
    const unbroken = before?.member === identity.member && identity.generation - before.generation <= 1
    try {
      await this.#member.assigned(assignment, unbroken, ended)
      this.#applied = identity
      this.#status = { status: 'ready' }
    } catch (error) {
      if (!ended.aborted) throw error
    }
    if (!ended.aborted) await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve()))
    this.#status = { status: 'joining' }
  }

  async #join(): Promise<Assignment> {
    const { sessionTimeoutMs, drainTimeoutMs, log } = this.#settings
    const rebalanceTimeoutMs = drainTimeoutMs + 10_000
    const node = await this.coordinator()
    let joined: Joined
    do {
      joined = await within(
        this.#wire.link.join(node, {
          group: this.#group,
          member: this.#memberId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          protocol: protocolName,
          subscription: { topics: this.#member.topics, owned: this.#member.owned() },
        }),
        rebalanceTimeoutMs + 2_000,
        () => new DriverError('TIMEOUT', `the group "${this.#group}" does not answer`, true),
      )
      this.#memberId = joined.member
    } while (!joined.complete && !this.#stop.signal.aborted)
    this.#leads = joined.leads
    const identity = { group: this.#group, member: joined.member, generation: joined.generation }
    const assignments = joined.leads ? assign(joined.members, await this.#member.counts()) : new Map<string, Assignment>()
    const assignment = await this.#wire.link.sync(node, identity, assignments)
    this.#heard = Date.now()
    this.#identity = identity
    log.debug(`group "${this.#group}", generation ${identity.generation}: ${JSON.stringify(assignment)}`)
    return assignment
  }

  /** Until `over` aborts: also while it lets go, hence not to be cut short by `end`. */
  async #beat(end: AbortController, over: AbortSignal): Promise<void> {
    const { heartbeatIntervalMs, sessionTimeoutMs } = this.#settings
    const identity = this.#identity as Identity
    const patience = Math.max(1_000, Math.min(sessionTimeoutMs / 3, this.#settings.requestTimeout))
    const late = (): Error => new DriverError('TIMEOUT', 'no answer to a heartbeat', true)
    for (;;) {
      await pause(heartbeatIntervalMs, over)
      if (over.aborted) return
      try {
        await within(this.#wire.link.heartbeat(await this.coordinator(), identity), patience, late)
        this.#heard = Date.now()
      } catch (error) {
        if (over.aborted) return
        const code = codeOf(error)
        if (code === 'REBALANCE_IN_PROGRESS') {
          this.#heard = Date.now()
          end.abort('rebalance' satisfies Ending)
        } else if (code !== undefined && strangers.has(code)) {
          end.abort('expelled' satisfies Ending)
          return
        } else {
          this.coordinatorLost()
          if (code === 'TIMEOUT') this.#wire.renew()
          if (Date.now() - this.#heard > sessionTimeoutMs) end.abort('silence' satisfies Ending)
        }
      }
    }
  }

  #recover(error: unknown, failures: number): void {
    const code = codeOf(error)
    if (code === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    this.coordinatorLost()
    if (code === 'TIMEOUT') this.#wire.renew()
    const reason = error instanceof Error ? error.message : String(error)
    // The first ones are part of a coordinator's or a rebalance's ordinary life.
    if (failures < 3 && (isTransient(error) || (code !== undefined && strangers.has(code)) || code === 'REBALANCE_IN_PROGRESS')) return
    if (this.#status.status !== 'failing') this.#settings.log.warn(`group "${this.#group}": ${reason}`)
    this.#status = { status: 'failing', reason }
  }
}

const strangers: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])
