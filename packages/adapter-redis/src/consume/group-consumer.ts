import type { Consumer, ConsumeOptions, ConsumerState, Delivery, Message } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import type { Waker, Watch } from '../link/waker.ts'
import { yieldPartition } from '../scripts/settle.ts'
import type { Settings } from '../settings.ts'
import type { Catalog } from '../topics/catalog.ts'
import { isLower, lastIdBefore } from '../topics/position.ts'
import { Loan } from './delivery.ts'
import { Desk } from './desk.ts'
import { Fetcher, type FetcherHost } from './fetcher.ts'
import { forwardCopy } from './forward.ts'
import { LoanStream } from './loan-stream.ts'
import { Membership, type Standing } from './membership.ts'
import { Settler } from './settler.ts'
import { Shares, type SpreadTopic } from './shares.ts'
import { ensureGroup } from './start.ts'

/** What consumers need of their adapter. */
export interface ConsumerHost {
  readonly link: Link
  readonly waker: Waker
  readonly catalog: Catalog
  readonly settings: Settings
  delayed(topic: string, nextMs: number): void
  warn(message: string): void
  closed(consumer: Consumer): void
}

const closeLimitMs = 2_000

/** One member of a group: lends what the group has not handled, and answers for it with its signs of life. */
export class GroupConsumer implements Consumer, FetcherHost {
  readonly link: Link
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly bell: string
  readonly catalog: Catalog
  readonly timeoutMs: number
  readonly delayed: (topic: string, nextMs: number) => void
  readonly #host: ConsumerHost
  readonly #topics: readonly SpreadTopic[]
  readonly #bases: LoanStream[]
  readonly #membership: Membership
  readonly #shares: Shares
  readonly #settler: Settler
  readonly #fetcher: Fetcher
  readonly #desk: Desk<Loan>
  #serving = false
  #fetching: Promise<unknown> | undefined
  #poke: (() => void) | undefined
  #poked = false
  #closing: Promise<void> | undefined

  private constructor(host: ConsumerHost, topics: readonly SpreadTopic[], group: string, handover: ConsumeOptions['handover']) {
    const { keys } = topics[0] as SpreadTopic
    this.#host = host
    this.link = host.link
    this.catalog = host.catalog
    this.delayed = (topic, nextMs) => host.delayed(topic, nextMs)
    this.timeoutMs = host.settings.publishTimeoutMs
    this.group = group
    this.members = keys.members(group)
    this.leases = keys.leases(group)
    this.bell = keys.bell(group)
    this.#topics = topics
    this.#bases = topics.map((topic) => new LoanStream(topic.keys, topic.keys.base, 0))
    this.#desk = new Desk(() => void this.#serve())
    this.#fetcher = new Fetcher(this)
    this.#settler = new Settler(this)
    this.#membership = new Membership({
      link: host.link,
      waker: host.waker,
      group,
      keys: { members: this.members, leases: this.leases, bell: this.bell, bases: topics.map((topic) => topic.keys.base) },
      partitions: Math.max(...topics.map(({ partitions }) => partitions)),
      leaseMs: host.settings.leaseMs,
      standing: (standing) => this.#stand(standing),
      expelled: () => this.#forgetAll(),
    })
    this.#shares = new Shares({
      topics,
      handover,
      fetched: async () => void (await this.#fetching?.catch(() => {})),
      withdraw: (matching) => this.#desk.withdraw(matching),
      recorded: () => this.#settler.flush(),
      letGo: async ({ partition, token }, dirty) => {
        await this.link.run(yieldPartition, [this.leases, this.bell], [partition, token, dirty ? 1 : 0])
      },
      lost: (stream) => this.#lose(stream),
    })
  }

  static async join(host: ConsumerHost, { topics, handover }: ConsumeOptions, group: string): Promise<GroupConsumer> {
    const spread: SpreadTopic[] = []
    for (const { topic, startFrom } of topics) {
      const one = { keys: host.catalog.of(topic), partitions: await host.catalog.ensure(topic) }
      await ensureGroup(host.link, one, group, startFrom, () => '0-0')
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
    return this.#desk.pull(max, signal)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  acknowledge(loan: Loan): Promise<void> {
    this.#end(loan)
    const recorded = this.#settler.acknowledge(loan)
    if (loan.suspect) void recorded.then(() => this.#cleared(loan))
    return recorded
  }

  giveBack(loan: Loan, note: string | undefined): Promise<void> {
    const { stream, message, redeliveries, suspect } = loan
    this.#end(loan)
    const recorded = this.#settler.giveBack(loan, note)
    if (stream.number !== 0 && !suspect) {
      stream.putBack(new Loan(this, stream, message, redeliveries, note))
      this.#look()
    }
    void recorded.then(() => {
      if (stream.number === 0) stream[suspect ? 'orphans' : 'free'] = true
      this.#cleared(loan)
    })
    return recorded
  }

  async forward(loan: Loan, copy: Message): Promise<void> {
    await forwardCopy(this, loan, copy)
    this.#end(loan)
    this.#cleared(loan)
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

  trimmed(stream: LoanStream, count: number): void {
    this.#host.warn(`${count} events of topic "${stream.topic.topic}" were removed by retention before group "${this.group}" had handled them.`)
  }

  async recreateGroup(): Promise<void> {
    this.#host.warn(`The group "${this.group}" of topic "${this.#topics[0]?.keys.topic}" was gone from the server and is made again.`)
    const streams = this.streams()
    const resumeId = (key: string): string => lowestOpen(streams.find((stream) => stream.key === key))
    for (const topic of this.#topics) {
      await this.catalog.ensure(topic.keys.topic)
      await ensureGroup(this.link, topic, this.group, 'earliest', resumeId)
    }
    for (const stream of streams) stream.hot = true
  }

  /** One loop that runs while somebody waits for deliveries. */
  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    try {
      while (this.#desk.wanted > 0 && this.#closing === undefined) {
        this.#poked = false
        const loans = await this.#fetch(this.#desk.wanted)
        if (this.#closing !== undefined) return
        if (loans.length > 0) this.#desk.put(loans)
        else await this.#wait()
      }
    } catch (error) {
      this.#serving = false
      this.#desk.fail(error)
    } finally {
      this.#serving = false
    }
  }

  async #fetch(max: number): Promise<Loan[]> {
    if (!this.#membership.valid) await this.#membership.beat()
    const fetching = this.#fetcher.fetch(max)
    this.#fetching = fetching
    const loans = await fetching
    this.#fetching = undefined
    return loans.filter((loan) => {
      if (!loan.stream.blocked) return loan.open
      loan.stream.open.delete(loan.message.id)
      return false
    })
  }

  /** Until one of the streams has something new, or something else has happened. */
  #wait(): Promise<void> {
    if (this.#poked) return Promise.resolve()
    return new Promise((resolve) => {
      const fresh = this.streams().filter(({ mode, blocked }) => mode === 'fresh' && !blocked)
      if (fresh.some(({ hot }) => hot)) return resolve()
      const byKey = new Map(fresh.map((stream) => [stream.key, stream]))
      const watch: Watch = {
        streams: new Map(fresh.map(({ key, last }) => [key, last])),
        woken: (key) => {
          const stream = byKey.get(key)
          if (stream !== undefined) stream.hot = true
          this.#poke?.()
        },
      }
      this.#poke = () => {
        this.#poke = undefined
        this.#host.waker.delete(watch)
        resolve()
      }
      this.#host.waker.add(watch)
    })
  }

  /** There may be something to fetch. */
  #look(): void {
    this.#poked = true
    this.#poke?.()
  }

  #stand({ shares, surplus, pools }: Standing): void {
    let news = this.#shares.apply(shares, surplus)
    for (const [index, base] of this.#bases.entries()) {
      const { free = 0, lost = 0 } = pools[index] ?? {}
      if (free > 0) base.free = true
      base.orphans = lost > 0
      news ||= free > 0 || lost > 0
    }
    if (news) this.#look()
  }

  #end(loan: Loan): void {
    loan.open = false
    loan.stream.open.delete(loan.message.id)
  }

  #cleared(loan: Loan): void {
    this.#fetcher.settled(loan)
    this.#look()
  }

  #lose(stream: LoanStream): void {
    for (const loan of stream.open.values()) this.#fetcher.settled(loan)
    stream.lose()
  }

  #forgetAll(): void {
    this.#settler.forget()
    this.#desk.withdraw(() => true)
    this.#shares.loseAll()
    for (const [index, base] of this.#bases.entries()) {
      this.#lose(base)
      this.#bases[index] = new LoanStream(base.topic, base.key, 0)
    }
    this.#look()
  }

  async #close(): Promise<void> {
    this.#desk.close()
    this.#look()
    this.#membership.stop()
    const dirty = this.#shares.dirty
    const suspects = this.streams().flatMap(({ open }) => [...open.values()].filter(({ suspect }) => suspect))
    for (const loan of suspects) void this.giveBack(loan, loan.note)
    const limit = AbortSignal.timeout(closeLimitMs)
    await Promise.race([this.#leave(dirty), new Promise((resolve) => limit.addEventListener('abort', resolve))])
    this.#settler.stop()
    for (const stream of this.streams()) this.#lose(stream)
    this.#shares.loseAll()
    this.#host.closed(this)
  }

  async #leave(dirty: readonly number[]): Promise<void> {
    if (!this.link.ready) return
    await this.#settler.flush()
    await this.#membership.leave(dirty).catch(() => {})
  }
}

function lowestOpen(stream: LoanStream | undefined): string {
  let lowest: string | undefined
  for (const id of stream?.open.keys() ?? []) if (lowest === undefined || isLower(id, lowest)) lowest = id
  if (lowest === undefined) return '0-0'
  const [ms = '0', sequence = '0'] = lowest.split('-')
  return lastIdBefore(Number(ms), BigInt(sequence))
}
