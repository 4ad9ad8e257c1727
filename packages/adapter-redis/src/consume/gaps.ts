import type { Link } from '../link/link.ts'
import { tally } from '../scripts/topic.ts'
import { isLower } from '../topics/position.ts'
import type { LoanStream } from './loan-stream.ts'

type Tally = readonly (Buffer | number)[]

/** How many entries of each stream a reader without a group has seen or came too late for: what is missing shows. */
export class Gaps {
  readonly #link: Link
  readonly #streams: readonly LoanStream[]
  readonly #warn: (message: string) => void
  /** Absent: it did not begin at the end, or the server does not count. */
  readonly #seen = new Map<LoanStream, number>()

  constructor(link: Link, streams: readonly LoanStream[], warn: (message: string) => void) {
    this.#link = link
    this.#streams = streams
    this.#warn = warn
  }

  /** The reader begins where the stream ends, of which so many entries came before. */
  begin(stream: LoanStream, added: number): void {
    if (added >= 0) this.#seen.set(stream, added)
  }

  saw(stream: LoanStream, entries: number): void {
    const seen = this.#seen.get(stream)
    if (seen !== undefined) this.#seen.set(stream, seen + entries)
  }

  /** After a break: entries that were removed meanwhile, or a server that knows less than before, as after a failover. */
  async look(): Promise<void> {
    const seen = new Map(this.#seen)
    const lasts = this.#streams.map(({ last }) => last)
    const keys = this.#streams.map(({ key }) => key)
    const reply = (await this.#link.run(tally, keys, [])) as Tally
    const lost = new Map<string, number>()
    const behind = new Set<string>()
    for (const [index, stream] of this.#streams.entries()) {
      const [end, added, gone] = reply.slice(3 * index, 3 * index + 3) as [Buffer, number, number]
      const last = end.toString('latin1')
      const { topic } = stream.topic
      if (isLower(last, lasts[index] ?? '0-0')) {
        behind.add(topic)
        stream.last = last
        stream.hot = true
        this.begin(stream, added)
        continue
      }
      const missing = gone - (seen.get(stream) ?? gone)
      if (missing <= 0) continue
      lost.set(topic, (lost.get(topic) ?? 0) + missing)
      this.saw(stream, missing)
    }
    for (const [topic, count] of lost) {
      this.#warn(
        `${count} events of topic "${topic}" were removed by retention while a subscription without a group could not read: they are lost to it.`,
      )
    }
    for (const topic of behind) {
      this.#warn(
        `Topic "${topic}" on the server ends before what a subscription without a group has read, as after FLUSHALL or a failover that lost events: it goes on from there.`,
      )
    }
  }
}
