import { hasCode, isReply, NotSentError } from '../link/failure.ts'
import type { Argument, Link } from '../link/link.ts'
import { lendOldest, page, read, take } from '../scripts/lend.ts'
import { Entry, type Row } from '../topics/entry.ts'
import { Loan, type Lender } from './delivery.ts'
import type { LoanStream } from './loan-stream.ts'

export interface FetcherHost extends Lender {
  readonly link: Link
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly me: string
  /** All streams this member may read. */
  streams(): readonly LoanStream[]
  /** Ids that the server may still count as on loan. */
  unsettled(stream: LoanStream): Iterable<string>
  heard(generation: number, isMember: boolean): void
  foreign(stream: LoanStream): void
  /** The group is gone from the server. */
  recreateGroup(): Promise<void>
  /** Entries were trimmed away before they were handled. */
  trimmed(stream: LoanStream, count: number): void
}

/** What scripts say of an entry that was on loan before: id, delivery count, fields, note. */
type Known = readonly [id: Buffer, count: number, fields: readonly Buffer[], note: Buffer]

const pageSize = 100
// A stream that gave so many is asked again before it is waited for.
const warm = 16

/** Fetches what there is to lend, in the order it must be lent in. */
export class Fetcher {
  readonly #host: FetcherHost
  #turn = 0
  /** Of what dead members had, one is lent at a time: should this process die, it is known of what. */
  #suspect: Loan | undefined

  constructor(host: FetcherHost) {
    this.#host = host
  }

  /** As many as `max`, or a few more. None: there is nothing now. */
  async fetch(max: number): Promise<Loan[]> {
    const loans: Loan[] = []
    try {
      await this.#fetchInto(loans, max)
    } catch (error) {
      // What was found before it is lent all the same; the next call will tell.
      if (loans.length === 0) throw error
    }
    return loans
  }

  /** It no longer counts as lent. */
  settled(loan: Loan): void {
    if (this.#suspect === loan) this.#suspect = undefined
  }

  async #fetchInto(loans: Loan[], max: number): Promise<void> {
    const streams = this.#host.streams()
    for (const stream of streams) {
      for (const loan of stream.takeAgain(max - loans.length)) loans.push(stream.lend(loan))
    }
    for (const stream of streams) {
      if (loans.length >= max) return
      if (stream.blocked) continue
      if (stream.mode === 'page') await this.#pageAll(streams, max - loans.length, loans)
      else if (stream.mode === 'oldest') await this.#lendOldest(stream, loans)
      else if (stream.free || (stream.orphans && this.#suspect === undefined)) await this.#take(stream, max - loans.length, loans)
    }
    if (loans.length < max) await this.#read(max - loans.length, loans)
  }

  /** All at once: a member that gets many partitions does not go from one to the next. */
  async #pageAll(streams: readonly LoanStream[], max: number, loans: Loan[]): Promise<void> {
    const all = streams.filter(({ mode, blocked }) => mode === 'page' && !blocked)
    await Promise.all(all.map((stream) => this.#page(stream, Math.max(1, Math.floor(max / all.length)), loans)))
  }

  async #page(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, members, leases, me, group } = this.#host
    stream.known ??= new Set([...stream.open.keys(), ...stream.again.map(({ message }) => message.id), ...this.#host.unsettled(stream)])
    const { topic, key, partition, token, cursor } = stream
    const args = [me, group, partition, token, cursor, Math.min(pageSize, max)]
    const reply = (await this.#ask(link.run(page, [members, leases, key, topic.notes(group)], args))) as [Buffer, number, ...Known[]] | 0 | undefined
    if (reply === undefined) return
    if (reply === 0) return this.#host.foreign(stream)
    const [last, trimmed, ...entries] = reply
    if (trimmed > 0) this.#host.trimmed(stream, trimmed)
    if (stream.blocked) return
    for (const [id, count, fields, note] of entries) {
      if (!stream.known.has(id.toString('latin1'))) loans.push(this.#lend(stream, [id, count, fields, note], false))
    }
    if (last.length > 0) stream.cursor = last.toString('latin1')
    else {
      stream.mode = 'fresh'
      stream.hot = true
      stream.known = undefined
    }
  }

  async #lendOldest(stream: LoanStream, loans: Loan[]): Promise<void> {
    if (this.#suspect !== undefined) return
    const { link, leases, group } = this.#host
    const { topic, key, partition, token } = stream
    const reply = (await this.#ask(link.run(lendOldest, [leases, key, topic.notes(group)], [group, partition, token]))) as [number, Known?] | 0 | undefined
    if (reply === undefined) return
    if (reply === 0) return this.#host.foreign(stream)
    const [trimmed, entry] = reply
    if (trimmed > 0) this.#host.trimmed(stream, trimmed)
    if (stream.blocked) return
    if (entry === undefined) stream.mode = 'fresh'
    else loans.push(this.#lend(stream, entry, true))
  }

  async #take(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, members, me, group } = this.#host
    const { topic, key } = stream
    const mayLendSuspect = this.#suspect === undefined ? 1 : 0
    stream.free = false
    try {
      const args = [me, group, max, mayLendSuspect]
      const reply = (await this.#ask(link.run(take, [members, key, topic.notes(group)], args))) as [number, number, number, number, ...Known[]] | 0 | undefined
      if (reply === undefined) return
      if (reply === 0) return this.#host.foreign(stream)
      const [trimmed, moreFree, moreOrphans, endsWithSuspect, ...entries] = reply
      if (trimmed > 0) this.#host.trimmed(stream, trimmed)
      stream.free ||= moreFree === 1
      if (mayLendSuspect === 1) stream.orphans = moreOrphans === 1
      for (const [index, entry] of entries.entries()) {
        loans.push(this.#lend(stream, entry, endsWithSuspect === 1 && index === entries.length - 1))
      }
    } catch (error) {
      stream.free = true
      if (!(error instanceof NotSentError)) stream.lookAgain()
      throw error
    }
  }

  async #read(max: number, loans: Loan[]): Promise<void> {
    const hot = this.#host.streams().filter((stream) => stream.hot && stream.mode === 'fresh' && !stream.blocked)
    if (hot.length === 0) return
    const [first] = hot
    try {
      if (hot.length === 1 && first?.number === 0) await this.#readBase(first, max, loans)
      else await this.#readAll(hot, max, loans)
    } catch (error) {
      if (hasCode(error, 'NOGROUP')) return await this.#host.recreateGroup()
      if (!isReply(error) && !(error instanceof NotSentError)) for (const stream of hot) stream.lookAgain()
      throw error
    }
  }

  /** Nobody else can be given what this member is given: no script is needed to be sure of that. */
  async #readBase(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, group, me } = this.#host
    const reply = await link.command('XREADGROUP', 'GROUP', group, me, 'COUNT', max, 'STREAMS', stream.key, '>')
    const rows = (reply as readonly [Buffer, readonly Row[]][] | null)?.[0]?.[1]
    if (rows === undefined) {
      // Others may have read further: only the script can tell how far, so it is asked at the next wake.
      stream.exhausted('')
      stream.asks = true
    } else this.#admit(stream, rows, max, loans)
  }

  async #readAll(hot: readonly LoanStream[], max: number, loans: Loan[]): Promise<void> {
    const { link, members, leases, me, group } = this.#host
    const turn = this.#turn++ % hot.length
    const streams = [...hot.slice(turn), ...hot.slice(0, turn)]
    const args: Argument[] = [me, group, max]
    for (const { partition, token, asks } of streams) args.push(partition, token, asks ? 1 : 0)
    const reply = (await link.run(read, [members, leases, ...streams.map(({ key }) => key)], args)) as readonly unknown[]
    const [generation, isMember, foreign, problem] = reply as [number, number, readonly number[], Buffer]
    for (let at = 4; at < reply.length; at += 2) {
      const stream = streams[reply[at] as number] as LoanStream
      const found = reply[at + 1]
      if (Buffer.isBuffer(found)) stream.exhausted(found.toString('latin1'))
      else this.#admit(stream, found as readonly Row[], max, loans)
    }
    if (this.#host.me !== me) return
    this.#host.heard(generation, isMember === 1)
    for (const place of foreign) this.#host.foreign(streams[place] as LoanStream)
    if (problem.length === 0) return
    if (problem.toString('latin1', 0, 7) !== 'NOGROUP') throw new Error(problem.toString())
    await this.#host.recreateGroup()
  }

  #admit(stream: LoanStream, rows: readonly Row[], asked: number, loans: Loan[]): void {
    // What came while the partition was taken away stays on loan there, for the next owner.
    if (stream.blocked) return
    for (const [id, fields] of rows) {
      const text = id.toString('latin1')
      // Given out already, before the group was made anew.
      if (stream.open.size > 0 && stream.open.has(text)) continue
      const entry = new Entry(stream.topic.topic, stream.number, text, fields)
      loans.push(stream.lend(new Loan(this.#host, stream, entry)))
    }
    if (rows.length < asked) {
      const last = rows.at(-1)?.[0].toString('latin1') ?? ''
      stream.exhausted(last)
      stream.asks = stream.number === 0
      stream.hot = rows.length >= warm
    }
  }

  #lend(stream: LoanStream, [id, count, fields, note]: Known, suspect: boolean): Loan {
    const entry = new Entry(stream.topic.topic, stream.number, id.toString('latin1'), fields)
    const text = note.length === 0 ? undefined : note.toString()
    const loan = new Loan(this.#host, stream, entry, Math.max(0, count - 1), text, suspect)
    if (suspect) this.#suspect = loan
    return stream.lend(loan)
  }

  /** `undefined`: the group was gone and is there again. */
  async #ask(reply: Promise<unknown>): Promise<unknown> {
    try {
      return await reply
    } catch (error) {
      if (!hasCode(error, 'NOGROUP')) throw error
      await this.#host.recreateGroup()
      return undefined
    }
  }
}
