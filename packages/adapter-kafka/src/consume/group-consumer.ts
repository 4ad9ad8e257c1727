import type { Consumer, ConsumeOptions, ConsumerState, Delivery } from '@bus/core/spi'
import type { Common } from '../common.ts'
import type { Assignment, Committed } from '../driver/driver.ts'
import { pause, within } from '../pause.ts'
import { ownedText } from './assignment.ts'
import { Commits } from './commits.ts'
import { Fetcher } from './fetcher.ts'
import { sendGhostsAway } from './ghosts.ts'
import { handOver } from './hand-over.ts'
import { Lending } from './lending.ts'
import { type Member, Membership } from './membership.ts'
import { Partition } from './partition.ts'
import type { PartitionOwner } from './partition-owner.ts'
import { placeOf, Positions } from './positions.ts'
import { Tail } from './tail.ts'
import { WaitingRoom } from './waiting-room.ts'

const lookForPartitionsMs = 10_000
/** What a commit may take when nobody can wait longer. */
const lastCommitMs = 3_000
/** And when the next owner waits anyhow: as long as an answer that was lost takes to be asked for again. */
const partingCommitMs = 15_000

export interface GroupTraits {
  /** As the cluster calls the group. */
  readonly group: string
  /** Where to what waits for its time may be moved; `undefined`: it stays where it is. */
  readonly tail: string | undefined
  /** Whether deaths are counted. */
  readonly marks: boolean
}

export class GroupConsumer implements Consumer, Member, PartitionOwner {
  /** As the cluster calls the group. */
  readonly group: string
  readonly topics: readonly string[]
  readonly marks: boolean
  readonly room: WaitingRoom
  readonly #common: Common
  readonly #options: ConsumeOptions
  readonly #lending: Lending
  readonly #fetcher: Fetcher
  readonly #membership: Membership
  readonly #commits: Commits
  readonly #tail: Tail | undefined
  readonly #positions: Positions
  readonly #onClose: (consumer: GroupConsumer) => void
  readonly #timer: NodeJS.Timeout
  /** What the last assignment gives to this member, see `placeOf`. */
  #assigned: ReadonlySet<string> = new Set()
  #givingUp: Promise<void> = Promise.resolve()
  #counts: ReadonlyMap<string, number> = new Map()
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  constructor(
    common: Common,
    options: ConsumeOptions,
    { group, tail, marks }: GroupTraits,
    onClose: (consumer: GroupConsumer) => void,
  ) {
    const { driver, link, topics, names, settings } = common
    this.group = group
    this.marks = marks
    this.topics = options.topics.map(({ topic }) => names.topic(topic))
    this.#common = common
    this.#options = options
    this.#onClose = onClose
    this.#positions = new Positions(common, group, options.topics)
    // Its own: a join is answered when all members have joined, and brokers answer in order.
    const own = driver.open()
    this.#lending = new Lending(() => this.#fetcher.wake())
    this.#fetcher = new Fetcher(own, topics, names, settings.log, this.#lending)
    this.#membership = new Membership(group, this, own, link, settings)
    this.#commits = new Commits(this.#membership, link, settings.log, () => this.#lending.wake())
    this.room = new WaitingRoom(() => this.#lending.wake())
    if (tail !== undefined) {
      this.#tail = new Tail({
        topic: tail,
        room: this.room,
        publish: common.publish,
        partitions: () => this.#lending.partitions,
        moved: () => this.#fetcher.wake(),
      })
    }
    this.#timer = setInterval(() => void this.#lookForPartitions(), lookForPartitionsMs)
  }

  get state(): ConsumerState {
    const { status, reason } = this.#membership.status
    const problem = status === 'ready' ? (this.#fetcher.problem ?? this.#commits.problem) : reason
    if (problem === undefined) return { status }
    return { status: status === 'ready' ? 'failing' : status, reason: problem }
  }

  /** Resolves when nothing that is published later can be missed. */
  async start(): Promise<void> {
    await this.#positions.pin()
    if (this.#closing !== undefined) return
    this.#membership.start()
    await sendGhostsAway(this.#common, this.group)
    while (this.#common.settings.awaitJoin && this.state.status === 'joining' && this.#closing === undefined)
      await pause(10)
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

  get overdue(): boolean {
    return this.#commits.overdue
  }

  /** The partitions it has at the moment. */
  get partitions(): readonly Partition[] {
    return this.#lending.partitions
  }

  owned(): string {
    return ownedText(this.#lending.partitions.filter(({ held }) => held).map(({ id }) => id))
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    return (this.#counts = await this.#countPartitions())
  }

  async assigned(assignment: Assignment, signal: AbortSignal): Promise<void> {
    const before = new Map(
      this.#lending.partitions.map((partition) => [placeOf(partition.name, partition.id), partition]),
    )
    const wanted = this.#options.topics.flatMap(({ topic }) => {
      const name = this.#common.names.topic(topic)
      return (assignment.partitions[name] ?? []).map((id) => {
        const place = placeOf(name, id)
        return { topic, name, id, place, known: before.get(place) }
      })
    })
    // At once: what comes back while it is being given up is not to be dropped when that is done.
    this.#assigned = new Set(wanted.map(({ place }) => place))
    const stored = new Map<string, Committed | undefined>()
    for (;;) {
      // Again: what was held at first may have been given up while the others were asked for.
      const unknown = wanted.filter(({ known, place }) => known?.held !== true && !stored.has(place))
      if (unknown.length === 0) break
      const found = await this.#positions.stored(unknown, signal)
      for (const { place } of unknown) stored.set(place, found.get(place))
      if (this.#closing !== undefined) return
    }
    const mine = wanted.map(({ topic, name, id, place, known }) => {
      const offset = stored.get(place)
      // Nobody has had it meanwhile, or has got any further: what was fetched and what is on loan stay good.
      if (
        known !== undefined &&
        !known.lost &&
        (known.held || sameOffset(offset, known.stored) || sameOffset(offset, known.sent))
      ) {
        known.held = true
        return known
      }
      const start = this.#positions.startOf({ topic, name, id }, offset)
      return new Partition(this, { topic, name, id, topicId: start.topicId }, start.offset, start.stored)
    })
    const surplus = [...before.values()].filter((partition) => partition.held && !mine.includes(partition))
    for (const partition of before.values()) {
      if (!mine.includes(partition) && !partition.held) this.#drop(partition)
    }
    this.#lending.partitions = [...mine, ...surplus]
    for (const partition of mine) this.#commits.changed(partition, false)
    const leaving = surplus.filter((partition) => !partition.leaving)
    if (leaving.length > 0) {
      for (const partition of leaving) partition.leaving = true
      this.#givingUp = this.#givingUp.then(() => this.#giveUp(leaving))
    }
    this.#fetcher.wake()
    this.#lending.wake()
  }

  async lost(): Promise<void> {
    for (const partition of this.#lending.partitions) partition.held = false
    await this.#handOver(this.#lending.partitions)
  }

  /** While the group is at rest, hence without haste: handlers that run come to their end first. */
  async #giveUp(partitions: readonly Partition[]): Promise<void> {
    await this.#handOver(partitions)
    if (this.#closing !== undefined) return
    await this.#commits.settle(partitions, partingCommitMs)
    for (const partition of partitions) {
      partition.leaving = false
      partition.ending = false
      // It may have come back meanwhile.
      if (this.#assigned.has(placeOf(partition.name, partition.id))) continue
      this.#drop(partition)
      this.#lending.partitions = this.#lending.partitions.filter((other) => other !== partition)
    }
    this.#fetcher.wake()
    this.#lending.wake()
    this.#membership.rejoin()
  }

  async #handOver(partitions: readonly Partition[]): Promise<void> {
    const { drainTimeoutMs } = this.#common.settings
    await handOver(partitions, this.#options.handover, drainTimeoutMs, this.#closed.signal)
    await this.#tail?.idle()
  }

  #drop(partition: Partition): void {
    partition.lose()
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

  /** Also for topics that were made anew: the fetcher sees that. Only the leader can give out partitions that were added. */
  async #lookForPartitions(): Promise<void> {
    if (this.#membership.status.status !== 'ready') return
    try {
      const counts = await this.#countPartitions()
      if (!this.#membership.leads) return
      if (this.topics.some((name) => (counts.get(name) ?? 0) > (this.#counts.get(name) ?? 0))) this.#membership.rejoin()
    } catch {
      // The next round will tell.
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed.abort()
    this.#fetcher.stop()
    const { partitions } = this.#lending
    for (const partition of partitions) partition.leaving = true
    await this.#tail?.stop()
    if (this.#membership.identity !== undefined) await this.#commits.settle(partitions, lastCommitMs)
    this.#commits.stop()
    this.#lending.close()
    this.room.close()
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
