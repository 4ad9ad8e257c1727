import { hasCode, isReply, NotSentError } from '../link/failure.ts'
import type { Argument, Link } from '../link/link.ts'
import type { OwnLink } from '../link/waker.ts'
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
    const count = this.#countFor(max)
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

  /**
   * From the streams without keys, behind a command that waits on another connection. What goes wrong there is no
   * matter: whoever is told of something looks for it anyhow.
   */
  async readBehind(waiting: OwnLink, max: number): Promise<Loan[]> {
    const { members, leases, me, group } = this.#host
    const streams = this.#host.streams().filter(({ asks, mode, blocked }) => asks && mode === 'fresh' && !blocked)
    const loans: Loan[] = []
    if (streams.length === 0) return loans
    const keys = [members, leases, ...streams.map(({ key }) => key)]
    const count = this.#countFor(max)
    const args = [me, group, count, ...streams.flatMap(({ partition, token }) => [partition, token, 1])]
    try {
      const reply = await waiting.command('EVALSHA', read.sha, keys.length, ...keys, ...args)
      if (this.#host.me !== me) return loans
      // What it says is on loan to us now; it will be found there.
      if (streams.some(({ mode }) => mode !== 'fresh')) for (const stream of streams) stream.startPaging(undefined)
      else this.#distribute(me, reply as readonly unknown[], streams, count, loans)
    } catch (error) {
      if (!isReply(error) && !(error instanceof NotSentError)) for (const stream of streams) stream.lookAgain()
    }
    return loans
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
    const problem = this.#distribute(me, reply, streams, max, loans)
    if (problem === undefined || problem.length === 0) return
    if (problem.toString('latin1', 0, 7) !== 'NOGROUP') throw new Error(problem.toString())
    await this.#host.recreateGroup()
  }

  #countFor(max: number): number {
    return Math.min(max, Math.max(1, Math.floor(replyBytes / this.#eventBytes)))
  }

  /** What the script said to `me`. The result is what went wrong, if anything. */
  #distribute(
    me: string,
    reply: readonly unknown[],
    streams: readonly LoanStream[],
    max: number,
    loans: Loan[],
  ): Buffer | undefined {
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
    if (this.#host.me !== me) return undefined
    this.#host.heard(generation, isMember === 1)
    for (const place of foreign) this.#host.foreign(streams[place] as LoanStream)
    return problem
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
