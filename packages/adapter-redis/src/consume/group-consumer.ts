import {
  LoanLostError,
  type Consumer,
  type ConsumeOptions,
  type ConsumerState,
  type Delivery,
  type Message,
} from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import type { OwnLink } from '../link/waker.ts'
import { yieldPartition } from '../scripts/settle.ts'
import type { Catalog } from '../topics/catalog.ts'
import { atMost } from './at-most.ts'
import { assertOneServer, type ConsumerHost } from './consumer-host.ts'
import { Loan } from './delivery.ts'
import { Fetcher, type FetcherHost } from './fetcher.ts'
import { forwardCopy, type ForwardHost } from './forward.ts'
import { LoanStream } from './loan-stream.ts'
import { Membership, type Standing } from './membership.ts'
import { Service, type ServiceHost } from './service.ts'
import { Settler, type SettlerHost } from './settler.ts'
import { Shares, type SpreadTopic } from './shares.ts'
import { ensureGroup } from './start.ts'

const closeLimitMs = 2_000
const othersTurnMs = 50

/** One member of a group: lends what the group has not handled, and answers for it with its signs of life. */
export class GroupConsumer implements Consumer, FetcherHost, ForwardHost, SettlerHost, ServiceHost {
  readonly link: Link
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly bell: string
  readonly catalog: Catalog
  readonly timeoutMs: number
  readonly publish: (messages: readonly Message[]) => Promise<void>
  readonly delayed: (topic: string, nextMs: number) => void
  readonly stored: (topic: string, events: number) => void
  readonly #host: ConsumerHost
  readonly #topics: readonly SpreadTopic[]
  readonly #bases: LoanStream[]
  readonly #membership: Membership
  readonly #shares: Shares
  readonly #settler: Settler
  readonly #fetcher: Fetcher
  readonly #service: Service
  #closing: Promise<void> | undefined

  private constructor(
    host: ConsumerHost,
    topics: readonly SpreadTopic[],
    group: string,
    handover: ConsumeOptions['handover'],
  ) {
    const { keys } = topics[0] as SpreadTopic
    const waker = host.servers.waker(keys.base)
    this.#host = host
    this.link = host.catalog.linkTo(keys.topic)
    this.catalog = host.catalog
    this.publish = (messages) => host.publish(messages)
    this.delayed = (topic, nextMs) => host.delayed(topic, nextMs)
    this.stored = (topic, events) => host.stored(topic, events)
    this.timeoutMs = host.settings.publishTimeoutMs
    this.group = group
    this.members = keys.members(group)
    this.leases = keys.leases(group)
    this.bell = keys.bell(group)
    this.#topics = topics
    this.#bases = topics.map((topic) => new LoanStream(topic.keys, topic.keys.base, 0))
    this.#service = new Service(waker, this)
    this.#fetcher = new Fetcher(this)
    this.#settler = new Settler(this)
    this.#membership = new Membership({
      link: this.link,
      waker,
      rounds: host.rounds,
      group,
      keys: {
        members: this.members,
        leases: this.leases,
        bell: this.bell,
        bases: topics.map((topic) => topic.keys.base),
      },
      partitions: Math.max(...topics.map(({ partitions }) => partitions)),
      leaseMs: host.settings.leaseMs,
      standing: (standing) => this.#stand(standing),
      expelled: () => this.#forgetAll(),
    })
    this.#shares = new Shares({
      topics,
      handover,
      fetched: () => this.#service.fetched(),
      withdraw: (matching) => this.#service.withdraw(matching),
      unlent: (loan) => this.#unlend(loan),
      recorded: () => this.#settler.flush(),
      letGo: async ({ partition, token }, dirty) => {
        await this.link.run(yieldPartition, [this.leases, this.bell], [partition, token, dirty ? 1 : 0])
      },
      lost: (stream) => this.#lose(stream),
    })
  }

  static async join(host: ConsumerHost, { topics, handover }: ConsumeOptions, group: string): Promise<GroupConsumer> {
    assertOneServer(host, topics)
    const spread: SpreadTopic[] = []
    for (const { topic, startFrom } of topics) {
      const one = { keys: host.catalog.of(topic), partitions: await host.catalog.ensure(topic) }
      await ensureGroup(host.catalog.linkTo(topic), one, group, startFrom)
      spread.push(one)
    }
    const consumer = new GroupConsumer(host, spread, group, handover)
    try {
      await consumer.#membership.beat()
    } catch (error) {
      consumer.#membership.stop()
      throw error
    }
    return consumer
  }

  get state(): ConsumerState {
    return this.#membership.state
  }

  get me(): string {
    return this.#membership.me
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#service.pull(max, signal)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  acknowledge(loan: Loan): Promise<void> {
    this.#end(loan)
    const recorded = this.#settler.acknowledge(loan)
    if (loan.suspect || loan.stream.mode === 'left') void recorded.then(() => this.#cleared(loan))
    return recorded
  }

  giveBack(loan: Loan, note: string | undefined): Promise<void> {
    const { stream, message, redeliveries, suspect } = loan
    this.#end(loan)
    const recorded = this.#settler.giveBack(loan, note)
    if (stream.number !== 0 && !suspect) {
      stream.putBack(new Loan(this, stream, message, redeliveries, note))
      this.#service.look()
    }
    void recorded.then(() => {
      if (stream.number === 0) stream[suspect ? 'suspects' : 'free'] = true
      this.#cleared(loan)
    })
    return recorded
  }

  async forward(loan: Loan, copy: Message): Promise<void> {
    try {
      await forwardCopy(this, loan, copy)
    } catch (error) {
      if (!(error instanceof LoanLostError)) throw error
      this.#end(loan)
      this.#cleared(loan)
      throw error
    }
    this.#end(loan)
    this.#cleared(loan)
  }

  async fetch(max: number, behind?: OwnLink): Promise<Loan[]> {
    if (behind === undefined && !this.#membership.valid) await this.#membership.beat()
    const loans = await (behind === undefined ? this.#fetcher.fetch(max) : this.#fetcher.fetchBehind(behind, max))
    // A wait is long; whose lease is over meanwhile may have lost them.
    if (behind !== undefined && !this.#membership.valid) await this.#membership.beat().catch(() => {})
    for (const loan of loans) if (loan.stream.blocked) this.#unlend(loan)
    return loans.filter(({ open, stream }) => open && !stream.blocked)
  }

  streams(): readonly LoanStream[] {
    return [...this.#bases, ...this.#shares.streams]
  }

  unsettled(stream: LoanStream): Iterable<string> {
    return this.#settler.pending(stream)
  }

  heard(generation: number, isMember: boolean): void {
    if (!isMember) this.#membership.expelled()
    this.#membership.hint(generation)
  }

  foreign(stream: LoanStream): void {
    if (stream.number === 0) this.#membership.expelled()
    else this.#shares.lose(stream)
    this.#membership.hint()
  }

  leftToOthers(stream: LoanStream): void {
    const look = (): void => {
      stream.orphans = true
      this.#service.look()
    }
    setTimeout(look, othersTurnMs).unref()
  }

  trimmed(stream: LoanStream, count: number): void {
    this.#host.warn(
      `${count} events of topic "${stream.topic.topic}" were removed by retention before group "${this.group}" had handled them.`,
    )
  }

  async recreateGroup(): Promise<void> {
    this.#host.warn(
      `The group "${this.group}" of topic "${this.#topics[0]?.keys.topic}" was gone from the server and is made again.`,
    )
    const streams = this.streams()
    const resumeId = (key: string): string => streams.find((stream) => stream.key === key)?.resumeId ?? '0-0'
    for (const topic of this.#topics) {
      await this.catalog.ensure(topic.keys.topic)
      await ensureGroup(this.link, topic, this.group, 'earliest', resumeId)
    }
    for (const stream of streams) stream.hot = true
  }

  #stand({ shares, surplus, pools }: Standing): void {
    this.#shares.apply(shares, surplus)
    // Also for what a foreign writer stored without a call.
    for (const stream of this.streams()) {
      stream.hot = true
      stream.lookOnceMore(this.#host.settings.leaseMs)
    }
    for (const [index, base] of this.#bases.entries()) {
      const { free = 0, lost = 0 } = pools[index] ?? {}
      if (free > 0) base.free = true
      base.orphans = base.suspects = lost > 0
    }
    this.#service.look()
  }

  #end(loan: Loan): void {
    const { open } = loan.stream
    loan.open = false
    if (open.get(loan.message.id) === loan) open.delete(loan.message.id)
  }

  /** It stays on loan in its partition, for the next owner; who has not begun it is not charged for it. */
  #unlend(loan: Loan): void {
    this.#end(loan)
    if (!loan.suspect) return
    if (loan.stream.share?.lost === false) void this.#settler.giveBack(loan, loan.note)
    this.#fetcher.settled(loan)
  }

  #cleared(loan: Loan): void {
    this.#fetcher.settled(loan)
    this.#service.look()
  }

  #lose(stream: LoanStream): void {
    for (const loan of stream.open.values()) this.#fetcher.settled(loan)
    stream.lose()
  }

  #forgetAll(): void {
    this.#settler.forget()
    this.#service.withdraw(() => true)
    this.#service.forget()
    this.#shares.loseAll()
    for (const [index, base] of this.#bases.entries()) {
      this.#lose(base)
      this.#bases[index] = new LoanStream(base.topic, base.key, 0)
    }
    this.#service.look()
  }

  async #close(): Promise<void> {
    this.#service.close()
    this.#membership.stop()
    await atMost(closeLimitMs, this.#leave())
    this.#settler.stop()
    for (const stream of this.streams()) this.#lose(stream)
    this.#shares.loseAll()
    this.#host.closed(this)
  }

  async #leave(): Promise<void> {
    if (!this.link.ready) return
    await this.#service.fetched()
    const { dirty } = this.#shares
    const suspects = this.streams().flatMap(({ open }) => [...open.values()].filter(({ suspect }) => suspect))
    for (const loan of suspects) void this.giveBack(loan, loan.note)
    await this.#settler.flush()
    await this.#membership.leave(dirty).catch(() => {})
  }
}
