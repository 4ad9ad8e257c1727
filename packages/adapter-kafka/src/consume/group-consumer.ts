import type { Consumer, ConsumeOptions, ConsumerState, Delivery } from '@bus/core/spi'
import type { Assignment, Committed, Driver, Link } from '../driver/driver.ts'
import type { Names } from '../names.ts'
import { pause, persist, within } from '../pause.ts'
import type { Settings } from '../settings.ts'
import type { Topics } from '../topics/topics.ts'
import { ownedText } from './assignment.ts'
import { Commits } from './commits.ts'
import { Fetcher } from './fetcher.ts'
import { Lending } from './lending.ts'
import { type Ending, type Member, Membership } from './membership.ts'
import { Partition, type PartitionOwner } from './partition.ts'
import { pin, type Starts } from './start.ts'
import { Wire } from './wire.ts'

const lookForPartitionsMs = 10_000
/** What a commit may take when nobody can wait longer. */
const lastCommitMs = 3_000

/** What consumers share. */
export interface Common {
  readonly driver: Driver
  /** For everything that needs no socket of its own. */
  readonly link: Link
  readonly topics: Topics
  readonly names: Names
  readonly settings: Settings
}

export class GroupConsumer implements Consumer, Member, PartitionOwner {
  /** As the cluster calls the group. */
  readonly group: string
  readonly topics: readonly string[]
  readonly #common: Common
  readonly #options: ConsumeOptions
  readonly #lending: Lending
  readonly #fetcher: Fetcher
  readonly #membership: Membership
  readonly #commits: Commits
  readonly #onClose: (consumer: GroupConsumer) => void
  readonly #timer: NodeJS.Timeout
  #starts: Starts = new Map()
  #counts: ReadonlyMap<string, number> = new Map()
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  constructor(common: Common, options: ConsumeOptions, group: string, onClose: (consumer: GroupConsumer) => void) {
    const { driver, topics, names, settings } = common
    this.group = group
    this.topics = options.topics.map(({ topic }) => names.topic(topic))
    this.#common = common
    this.#options = options
    this.#onClose = onClose
    const wire = new Wire(driver)
    this.#lending = new Lending(() => this.#fetcher.wake())
    this.#fetcher = new Fetcher(wire, topics, names, settings.log, this.#lending)
    this.#membership = new Membership(group, this, wire, settings)
    this.#commits = new Commits(this.#membership, wire, settings.log)
    this.#timer = setInterval(() => void this.#lookForPartitions(), lookForPartitionsMs)
  }

  get state(): ConsumerState {
    const { status, reason } = this.#membership.status
    const problem = status === 'ready' ? this.#fetcher.problem : reason
    if (problem === undefined) return { status }
    return { status: status === 'ready' ? 'failing' : status, reason: problem }
  }

  /** Resolves when nothing that is published later can be missed. */
  async start(): Promise<void> {
    this.#starts = await pin(this.#common, this.group, this.#options.topics)
    await this.#sendGhostsAway()
    if (this.#closing !== undefined) return
    this.#membership.start()
    while (this.#common.settings.awaitJoin && this.state.status === 'joining' && this.#closing === undefined) await pause(10)
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#lending.pull(max, signal)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  changed(partition: Partition, now: boolean): void {
    this.#commits.changed(partition, now)
  }

  ready(): void {
    this.#lending.wake()
  }

  /** The partitions it has at the moment. */
  get partitions(): readonly Partition[] {
    return this.#lending.partitions
  }

  owned(): string {
    return ownedText(this.#lending.partitions.map(({ id }) => id))
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    return (this.#counts = await this.#countPartitions())
  }

  async assigned(assignment: Assignment, unbroken: boolean, signal: AbortSignal): Promise<void> {
    const before = new Map(this.#lending.partitions.map((partition) => [`${partition.name}/${partition.id}`, partition]))
    const wanted = this.#options.topics.flatMap(({ topic }) => {
      const name = this.#common.names.topic(topic)
      return (assignment[name] ?? []).map((id) => ({ topic, name, id, known: before.get(`${name}/${id}`) }))
    })
    const asked = wanted.filter(({ known }) => known === undefined || !unbroken)
    const stored = await this.#stored(asked.map(({ name, id }) => ({ topic: name, partition: id })), signal)
    if (this.#closing !== undefined) return
    const partitions = wanted.map(({ topic, name, id, known }) => {
      const offset = stored.get(`${name}/${id}`)
      if (known !== undefined && (unbroken || sameOffset(offset, known.stored) || sameOffset(offset, known.sent))) return known
      const start = offset?.offset ?? this.#starts.get(topic)?.get(id) ?? 0
      return new Partition(this, topic, name, id, start, offset)
    })
    for (const partition of before.values()) {
      if (partitions.includes(partition)) continue
      partition.lose()
      this.#commits.forget(partition)
    }
    for (const partition of partitions) partition.open = true
    this.#lending.partitions = partitions
    for (const partition of partitions) this.#commits.changed(partition, false)
    this.#fetcher.wake()
    this.#lending.wake()
  }

  async revoked(ending: Ending): Promise<void> {
    const { partitions } = this.#lending
    for (const partition of partitions) partition.open = false
    const { drainTimeoutMs } = this.#common.settings
    const deadline = AbortSignal.any([AbortSignal.timeout(drainTimeoutMs), this.#closed.signal])
    const open = this.#lending.open()
    if (open.length > 0) {
      const handover = this.#options.handover?.(open, deadline).catch(() => {})
      await Promise.race([handover ?? this.#allSettled(deadline), pause(drainTimeoutMs + 100, deadline)])
    }
    if (ending === 'rebalance' && this.#closing === undefined) await this.#commits.settle(partitions, lastCommitMs)
  }

  async #allSettled(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#lending.partitions.some(({ lent }) => lent > 0)) await pause(10, signal)
  }

  async #stored(
    partitions: readonly { topic: string; partition: number }[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Committed>> {
    if (partitions.length === 0) return new Map()
    const { link } = this.#common
    const found = await persist(
      async () => link.committed(await link.coordinator(this.group), this.group, partitions),
      { signal },
    )
    return new Map(found.map((offset) => [`${offset.topic}/${offset.partition}`, offset]))
  }

  async #countPartitions(): Promise<ReadonlyMap<string, number>> {
    const { topics, names } = this.#common
    const counts = new Map<string, number>()
    for (const { topic } of this.#options.topics) {
      const leaders = (await topics.refresh(topic)) ?? topics.peek(topic)
      counts.set(names.topic(topic), leaders?.length ?? 0)
    }
    return counts
  }

  /** Only the leader of a group can give out partitions that were added. */
  async #lookForPartitions(): Promise<void> {
    if (!this.#membership.leads || this.#membership.status.status !== 'ready') return
    try {
      const counts = await this.#countPartitions()
      if (this.topics.some((name) => (counts.get(name) ?? 0) > (this.#counts.get(name) ?? 0))) this.#membership.end('rebalance')
    } catch {
      // The next round will tell.
    }
  }

  async #sendGhostsAway(): Promise<void> {
    const { link, settings } = this.#common
    const { instance, clientName } = settings
    if (instance === undefined) return
    await persist(async () => {
      const node = await link.coordinator(this.group)
      for (const { member, clientId } of await link.members(node, this.group)) {
        if (clientId.startsWith(instance) && clientId !== clientName) await link.leave(node, this.group, member).catch(() => {})
      }
    })
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed.abort()
    this.#fetcher.stop()
    const { partitions } = this.#lending
    for (const partition of partitions) partition.open = false
    if (this.#membership.identity !== undefined) await this.#commits.settle(partitions, lastCommitMs)
    this.#commits.stop()
    this.#lending.close()
    const member = await this.#membership.stop()
    if (member !== undefined) await this.#leave(member)
    this.#onClose(this)
  }

  /** Over the shared link: its own may wait for the answer to a join. */
  async #leave(member: string): Promise<void> {
    const { link } = this.#common
    const leave = async (): Promise<void> => link.leave(await link.coordinator(this.group), this.group, member)
    await within(leave(), lastCommitMs, () => new Error('no answer')).catch((error: unknown) =>
      this.#common.settings.log.debug(`group "${this.group}": could not leave: ${String(error)}`),
    )
  }
}

function sameOffset(a: Committed | undefined, b: Committed | undefined): boolean {
  return a !== undefined && b !== undefined && a.offset === b.offset && a.metadata === b.metadata
}
