import { randomUUID } from 'node:crypto'
import type { Consumer, ConsumeOptions, ConsumerState, Delivery, Message } from '@bus/core/spi'
import type { Argument } from '../link/link.ts'
import type { Watch } from '../link/waker.ts'
import { ends } from '../scripts/topic.ts'
import { Entry, type Row } from '../topics/entry.ts'
import { compareIds, isLower } from '../topics/position.ts'
import { done, Loan } from './delivery.ts'
import { Desk } from './desk.ts'
import type { ConsumerHost } from './group-consumer.ts'
import { LoanStream } from './loan-stream.ts'
import type { SpreadTopic } from './shares.ts'
import { startId } from './start.ts'

export interface FanOutHost extends ConsumerHost {
  publish(messages: readonly Message[]): Promise<void>
}

type Reply = readonly (readonly [key: Buffer, rows: readonly Row[]])[] | null

/** A consumer without a group: how far it has read is known to this process only. */
export class FanOutConsumer implements Consumer {
  readonly #host: FanOutHost
  readonly #id = randomUUID()
  readonly #streams: readonly LoanStream[]
  readonly #desk: Desk<Loan>
  readonly #timer: NodeJS.Timeout
  #serving = false
  #closed = false
  #poke: (() => void) | undefined
  #failure: unknown

  private constructor(host: FanOutHost, streams: readonly LoanStream[]) {
    this.#host = host
    this.#streams = streams
    this.#desk = new Desk(() => void this.#serve())
    this.#timer = setInterval(() => this.#guard(), host.settings.leaseMs / 3)
    this.#guard()
  }

  static async open(host: FanOutHost, { topics }: ConsumeOptions): Promise<FanOutConsumer> {
    const streams: LoanStream[] = []
    for (const { topic, startFrom } of topics) {
      const { keys, partitions }: SpreadTopic = { keys: host.catalog.of(topic), partitions: await host.catalog.ensure(topic) }
      const names = keys.streams(partitions)
      const last = (await host.link.run(ends, names, [])) as Buffer[]
      for (const [number, name] of names.entries()) {
        const stream = new LoanStream(keys, name, number)
        const id = startId(startFrom, number)
        stream.last = id === '$' ? String(last[number]) : id
        streams.push(stream)
      }
    }
    return new FanOutConsumer(host, streams)
  }

  get state(): ConsumerState {
    if (this.#failure === undefined) return { status: 'ready' }
    return { status: 'failing', reason: this.#failure instanceof Error ? this.#failure.message : String(this.#failure) }
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#desk.pull(max, signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#desk.close()
    this.#poke?.()
    for (const stream of this.#streams) stream.lose()
    const forget = [...this.#topics()].map((keys) => this.#host.link.command('HDEL', keys.readers, this.#id).catch(() => {}))
    await Promise.all(forget)
    this.#host.closed(this)
  }

  acknowledge(loan: Loan): Promise<void> {
    loan.open = false
    loan.stream.open.delete(loan.message.id)
    if (loan.stream.again.length > 0) this.#poke?.()
    return done
  }

  giveBack(loan: Loan, note: string | undefined): Promise<void> {
    const { stream, message, redeliveries } = loan
    void this.acknowledge(loan)
    stream.putBack(new Loan(this, stream, message, redeliveries, note))
    this.#poke?.()
    return done
  }

  async forward(loan: Loan, copy: Message): Promise<void> {
    await this.#host.publish([copy])
    await loan.ack()
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    try {
      while (this.#desk.wanted > 0 && !this.#closed) {
        const loans = await this.#fetch(this.#desk.wanted)
        if (this.#closed) return
        if (loans.length > 0) this.#desk.put(loans)
        else await this.#wait()
      }
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      this.#serving = false
      this.#desk.fail(error)
    } finally {
      this.#serving = false
    }
  }

  async #fetch(max: number): Promise<Loan[]> {
    const again = this.#streams.flatMap((stream) => stream.takeAgain(max).map((loan) => stream.lend(loan)))
    if (again.length > 0) return again
    const hot = this.#streams.filter((stream) => stream.hot)
    if (hot.length === 0) return []
    const count = Math.max(1, Math.ceil(max / hot.length))
    const args: Argument[] = ['COUNT', count, 'STREAMS', ...hot.map(({ key }) => key), ...hot.map(({ last }) => last)]
    const reply = (await this.#host.link.command('XREAD', ...args)) as Reply
    this.#failure = undefined
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
    }
    return hot.length > 1 ? loans.sort((a, b) => compareIds(a.message.id, b.message.id)) : loans
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const byKey = new Map(this.#streams.map((stream) => [stream.key, stream]))
      const watch: Watch = {
        streams: new Map(this.#streams.map(({ key, last }) => [key, last])),
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

  /** Retention removes nothing that is still to be read, as long as this is said again in time. */
  #guard(): void {
    const ends = Date.now() + this.#host.settings.leaseMs
    for (const keys of this.#topics()) {
      const streams = this.#streams.filter(({ topic }) => topic === keys)
      const unread = streams.filter(({ hot }) => hot)
      const ids = (unread.length > 0 ? unread : streams).map(({ last }) => last)
      const id = ids.reduce((a, b) => (isLower(a, b) === unread.length > 0 ? a : b))
      this.#host.link.command('HSET', keys.readers, this.#id, `${id} ${ends}`).catch(() => {})
    }
  }

  #topics(): Set<LoanStream['topic']> {
    return new Set(this.#streams.map(({ topic }) => topic))
  }
}
