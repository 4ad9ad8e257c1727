import { hasCode, NotSentError } from '../link/failure.ts'
import type { OwnLink } from '../link/waker.ts'
import { deathsOf, lendLeft, page, take } from '../scripts/lend.ts'
import { Entry } from '../topics/entry.ts'
import { Loan } from './delivery.ts'
import type { LoanStream } from './loan-stream.ts'
import { Reader, type ReaderHost } from './reader.ts'

export interface FetcherHost extends ReaderHost {
  /** Ids that the server may still count as on loan. */
  unsettled(stream: LoanStream): Iterable<string>
  /** Something was left for others, who may not live any more. */
  leftToOthers(stream: LoanStream): void
  /** Entries were trimmed away before they were handled. */
  trimmed(stream: LoanStream, count: number): void
}

/** What scripts say of an entry that was on loan before: id, delivery count, fields, note. */
type Known = readonly [id: Buffer, count: number, fields: readonly Buffer[], note: Buffer]

const pageSize = 100

/** Fetches what there is to lend, in the order it must be lent in. */
export class Fetcher {
  readonly #host: FetcherHost
  readonly #reader: Reader
  /** Of what was lost with members more than once, one is lent at a time: should this process die, it is known of what. */
  #suspect: Loan | undefined

  constructor(host: FetcherHost) {
    this.#host = host
    this.#reader = new Reader(host)
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

  /** What is new in the streams without keys, by a command behind one that waits. Never rejects. */
  fetchBehind(waiting: OwnLink, max: number): Promise<Loan[]> {
    return this.#reader.readBehind(waiting, max)
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
      else if (stream.mode === 'left') await this.#lendLeft(stream, max - loans.length, loans)
      else if (stream.free || stream.orphans || (stream.suspects && this.#suspect === undefined))
        await this.#take(stream, max - loans.length, loans)
    }
    if (loans.length < max) await this.#reader.read(max - loans.length, loans)
  }

  /** All at once: a member that gets many partitions does not go from one to the next. */
  async #pageAll(streams: readonly LoanStream[], max: number, loans: Loan[]): Promise<void> {
    const all = streams.filter(({ mode, blocked }) => mode === 'page' && !blocked)
    await Promise.all(all.map((stream) => this.#page(stream, Math.max(1, Math.floor(max / all.length)), loans)))
  }

  async #page(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, members, leases, me, group } = this.#host
    stream.known ??= new Set([
      ...stream.open.keys(),
      ...stream.again.map(({ message }) => message.id),
      ...this.#host.unsettled(stream),
    ])
    const { topic, key, partition, token, cursor } = stream
    const args = [me, group, partition, token, cursor, Math.min(pageSize, max)]
    const reply = (await this.#ask(link.run(page, [members, leases, key, topic.notes(group)], args))) as
      | [Buffer, number, ...Known[]]
      | 0
      | undefined
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

  async #lendLeft(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, leases, group } = this.#host
    const { topic, key, partition, token } = stream
    const idle = stream.idle && [...this.#host.unsettled(stream)].length === 0
    if (idle) stream.cursor = '-'
    const mayLendSuspect = idle && this.#suspect === undefined ? 1 : 0
    const args = [group, partition, token, stream.cursor, Math.min(pageSize, max), mayLendSuspect]
    const reply = (await this.#ask(link.run(lendLeft, [leases, key, topic.notes(group)], args))) as
      | [number, number, ...Known[]]
      | 0
      | undefined
    if (reply === undefined) return
    if (reply === 0) return this.#host.foreign(stream)
    const [trimmed, more, ...entries] = reply
    if (trimmed > 0) this.#host.trimmed(stream, trimmed)
    // Also if it is being handed over meanwhile: what was counted has to be known to be undone.
    for (const entry of entries) loans.push(this.#lend(stream, entry, more === 3))
    stream.cursor = entries.at(-1)?.[0].toString('latin1') ?? stream.cursor
    if (more === 0) stream.mode = 'fresh'
  }

  async #take(stream: LoanStream, max: number, loans: Loan[]): Promise<void> {
    const { link, members, me, group } = this.#host
    const { topic, key } = stream
    const mayLendSuspect = this.#suspect === undefined ? 1 : 0
    stream.free = false
    try {
      const args = [me, group, max, mayLendSuspect]
      const reply = (await this.#ask(link.run(take, [members, key, topic.notes(group)], args))) as
        | [number, number, number, number, number, ...Known[]]
        | 0
        | undefined
      if (reply === undefined) return
      if (reply === 0) return this.#host.foreign(stream)
      const [trimmed, moreFree, moreOrphans, moreSuspects, endsWithSuspect, ...entries] = reply
      if (trimmed > 0) this.#host.trimmed(stream, trimmed)
      stream.free ||= moreFree === 1
      stream.orphans = moreOrphans === 1
      if (moreOrphans === 2) this.#host.leftToOthers(stream)
      stream.suspects = moreSuspects === 1
      for (const [index, entry] of entries.entries()) {
        loans.push(this.#lend(stream, entry, endsWithSuspect === 1 && index === entries.length - 1))
      }
    } catch (error) {
      stream.free = true
      if (!(error instanceof NotSentError)) stream.lookAgain()
      throw error
    }
  }

  #lend(stream: LoanStream, [id, count, fields, note]: Known, suspect: boolean): Loan {
    const entry = new Entry(stream.topic.topic, stream.number, id.toString('latin1'), fields)
    const text = note.length === 0 ? undefined : note.toString()
    const loan = new Loan(this.#host, stream, entry, deathsOf(count), text, suspect)
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
