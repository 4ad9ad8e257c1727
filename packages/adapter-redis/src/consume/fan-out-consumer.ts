import { randomUUID } from 'node:crypto'
import type { Consumer, ConsumeOptions, ConsumerState, Delivery, Message } from '@bus/core/spi'
import type { Argument, Link } from '../link/link.ts'
import { tally } from '../scripts/topic.ts'
import { guardReader } from '../scripts/upkeep.ts'
import { Entry, type Row } from '../topics/entry.ts'
import { compareIds, isLower } from '../topics/position.ts'
import { atMost } from './at-most.ts'
import { assertOneServer, type ConsumerHost } from './consumer-host.ts'
import { done, Loan } from './delivery.ts'
import { Gaps } from './gaps.ts'
import { LoanStream } from './loan-stream.ts'
import { Service } from './service.ts'
import type { SpreadTopic } from './shares.ts'
import { startId } from './start.ts'

const closeLimitMs = 500

type Reply = readonly (readonly [key: Buffer, rows: readonly Row[]])[] | null

/** A consumer without a group: how far it has read is known to this process only. */
export class FanOutConsumer implements Consumer {
  readonly #host: ConsumerHost
  readonly #link: Link
  readonly #id = randomUUID()
  readonly #streams: readonly LoanStream[]
  readonly #service: Service
  readonly #gaps: Gaps
  readonly #stops: readonly (() => void)[]
  #closed = false
  #failure: unknown

  private constructor(host: ConsumerHost, streams: readonly LoanStream[], added: ReadonlyMap<LoanStream, number>) {
    const { topic } = streams[0] as LoanStream
    this.#host = host
    this.#link = host.catalog.linkTo(topic.topic)
    this.#streams = streams
    this.#service = new Service(host.servers.waker(topic.base), {
      streams: () => streams,
      fetch: (max) => this.#fetch(max),
    })
    this.#gaps = new Gaps(this.#link, streams, (message) => host.warn(message))
    for (const [stream, count] of added) this.#gaps.begin(stream, count)
    const stopRounds = host.rounds.join(() => {
      this.#guard()
      // Also for what a foreign writer stored without a call.
      for (const stream of streams) stream.hot = true
      this.#service.look()
    })
    // Should this fail, the connection broke once more.
    const stopLooking = this.#link.onReady(() => {
      for (const stream of streams) stream.hot = true
      // In this order: what is removed from here on, nobody would count.
      this.#guard()
      void this.#gaps.look().catch(() => {})
      this.#service.look()
    })
    this.#stops = [stopRounds, stopLooking]
    this.#guard()
  }

  static async open(host: ConsumerHost, { topics }: ConsumeOptions): Promise<FanOutConsumer> {
    assertOneServer(host, topics)
    const streams: LoanStream[] = []
    const added = new Map<LoanStream, number>()
    for (const { topic, startFrom } of topics) {
      const { keys, partitions }: SpreadTopic = {
        keys: host.catalog.of(topic),
        partitions: await host.catalog.ensure(topic),
      }
      const names = keys.streams(partitions)
      const tallies = (await host.catalog.linkTo(topic).run(tally, names, [])) as readonly (Buffer | number)[]
      for (const [number, name] of names.entries()) {
        const stream = new LoanStream(keys, name, number)
        const id = startId(startFrom, number)
        if (id === '$') added.set(stream, Number(tallies[3 * number + 1]))
        stream.last = id === '$' ? String(tallies[3 * number]) : id
        streams.push(stream)
      }
    }
    return new FanOutConsumer(host, streams, added)
  }

  get state(): ConsumerState {
    if (this.#failure === undefined) return { status: 'ready' }
    return { status: 'failing', reason: this.#failure instanceof Error ? this.#failure.message : String(this.#failure) }
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#service.pull(max, signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const stop of this.#stops) stop()
    this.#service.close()
    for (const stream of this.#streams) stream.lose()
    const forget = [...this.#topics()].map((keys) => this.#link.command('HDEL', keys.readers, this.#id).catch(() => {}))
    await atMost(closeLimitMs, Promise.all(forget))
    this.#host.closed(this)
  }

  acknowledge(loan: Loan): Promise<void> {
    loan.open = false
    loan.stream.open.delete(loan.message.id)
    if (loan.stream.again.length > 0) this.#service.look()
    return done
  }

  giveBack(loan: Loan, note: string | undefined): Promise<void> {
    const { stream, message, redeliveries } = loan
    void this.acknowledge(loan)
    stream.putBack(new Loan(this, stream, message, redeliveries, note))
    this.#service.look()
    return done
  }

  async forward(loan: Loan, copy: Message): Promise<void> {
    await this.#host.publish([copy])
    await loan.ack()
  }

  async #fetch(max: number): Promise<Loan[]> {
    const again = this.#streams.flatMap((stream) => stream.takeAgain(max).map((loan) => stream.lend(loan)))
    if (again.length > 0) return again
    const hot = this.#streams.filter((stream) => stream.hot)
    if (hot.length === 0) return []
    const count = Math.max(1, Math.ceil(max / hot.length))
    const args: Argument[] = ['COUNT', count, 'STREAMS', ...hot.map(({ key }) => key), ...hot.map(({ last }) => last)]
    const reply = (await this.#ask(args)) as Reply
    const byKey = new Map(hot.map((stream) => [stream.key, stream]))
    for (const stream of hot) stream.hot = false
    const loans: Loan[] = []
    for (const [key, rows] of reply ?? []) {
      const stream = byKey.get(key.toString()) as LoanStream
      stream.hot = rows.length === count
      for (const [id, fields] of rows) {
        const entry = new Entry(stream.topic.topic, stream.number, id.toString('latin1'), fields)
        loans.push(stream.lend(new Loan(this, stream, entry)))
      }
      stream.last = loans.at(-1)?.message.id ?? stream.last
      this.#gaps.saw(stream, rows.length)
    }
    return hot.length > 1 ? loans.sort((a, b) => compareIds(a.message.id, b.message.id)) : loans
  }

  async #ask(args: readonly Argument[]): Promise<unknown> {
    try {
      const reply = await this.#link.command('XREAD', ...args)
      this.#failure = undefined
      return reply
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Retention removes nothing that is still to be read, as long as this is said again in time. */
  #guard(): void {
    for (const keys of this.#topics()) {
      const streams = this.#streams.filter(({ topic }) => topic === keys)
      const unread = streams.filter(({ hot }) => hot)
      const ids = (unread.length > 0 ? unread : streams).map(({ last }) => last)
      const id = ids.reduce((a, b) => (isLower(a, b) === unread.length > 0 ? a : b))
      this.#link.run(guardReader, [keys.readers], [this.#id, id, this.#host.settings.leaseMs]).catch(() => {})
    }
  }

  #topics(): Set<LoanStream['topic']> {
    return new Set(this.#streams.map(({ topic }) => topic))
  }
}
