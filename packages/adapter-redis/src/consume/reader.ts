import { hasCode, isReply, NotSentError } from '../link/failure.ts'
import type { Argument, Link } from '../link/link.ts'
import { read } from '../scripts/lend.ts'
import { Entry, type Row } from '../topics/entry.ts'
import { Loan, type Lender } from './delivery.ts'
import type { LoanStream } from './loan-stream.ts'

export interface ReaderHost extends Lender {
  readonly link: Link
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly me: string
  /** All streams this member may read. */
  streams(): readonly LoanStream[]
  /** What scripts say on the side. */
  heard(generation: number, isMember: boolean): void
  /** It belongs to somebody else by now. */
  foreign(stream: LoanStream): void
  /** The group is gone from the server. */
  recreateGroup(): Promise<void>
}

// A stream that gave so many is asked again before it is waited for.
const warm = 16
// One reply holds about so much at most; how large events are is learned from those that came, beginning with a guess.
const replyBytes = 16 * 1024 * 1024
const firstGuess = 256 * 1024

/** Gives out what nobody was given yet. */
export class Reader {
  readonly #host: ReaderHost
  #turn = 0
  #eventBytes = firstGuess

  constructor(host: ReaderHost) {
    this.#host = host
  }

  async read(max: number, loans: Loan[]): Promise<void> {
    const hot = this.#host.streams().filter((stream) => stream.hot && stream.mode === 'fresh' && !stream.blocked)
    if (hot.length === 0) return
    const [first] = hot
    const count = Math.min(max, Math.max(1, Math.floor(replyBytes / this.#eventBytes)))
    try {
      if (hot.length === 1 && first?.number === 0 && first.busy) await this.#readBase(first, count, loans)
      else await this.#readAll(hot, count, loans)
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
    if (rows !== undefined) return this.#admit(stream, rows, max, loans)
    // Others may have read further; how far, only the script can tell.
    await this.#readAll([stream], max, loans)
  }

  async #readAll(hot: readonly LoanStream[], max: number, loans: Loan[]): Promise<void> {
    const { link, members, leases, me, group } = this.#host
    const turn = this.#turn++ % hot.length
    const streams = [...hot.slice(turn), ...hot.slice(0, turn)]
    const args: Argument[] = [me, group, max]
    for (const { partition, token, asks } of streams) args.push(partition, token, asks ? 1 : 0)
    const reply = (await link.run(
      read,
      [members, leases, ...streams.map(({ key }) => key)],
      args,
    )) as readonly unknown[]
    const [generation, isMember, foreign, problem] = reply as [number, number, readonly number[], Buffer]
    let left = max
    for (let at = 4; at < reply.length; at += 2) {
      const stream = streams[reply[at] as number] as LoanStream
      const found = reply[at + 1] as Buffer | readonly Row[]
      if (Buffer.isBuffer(found)) stream.exhausted(found.toString('latin1'))
      else {
        this.#admit(stream, found, left, loans)
        left -= found.length
      }
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
    let bytes = 0
    for (const [id, fields] of rows) {
      const text = id.toString('latin1')
      // Given out already, before the group was made anew.
      if (stream.holds(text)) continue
      const entry = new Entry(stream.topic.topic, stream.number, text, fields)
      bytes += entry.body.length
      loans.push(stream.lend(new Loan(this.#host, stream, entry)))
    }
    this.#eventBytes = Math.max(bytes / rows.length, this.#eventBytes / 2, 1)
    stream.busy = rows.length >= warm
    const last = rows.at(-1)?.[0].toString('latin1') ?? ''
    if (rows.length === asked) return stream.read(last)
    stream.exhausted(last)
    stream.hot = stream.busy
  }
}
