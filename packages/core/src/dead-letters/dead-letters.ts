import { ConfigInvalidError } from '../errors.ts'
import { assertNumbers, assertStillOpen, Batch, type OperationsHost, Terms } from '../operations.ts'
import { type DeadLetter, placeOf } from './dead-letter.ts'
import { assertFilter, type DeadLetterFilter, dlqTopicsFor, isSelective } from './filter.ts'
import { Ledger } from './ledger.ts'
import { Redrive, type RedriveOptions, type RedriveReport } from './redrive.ts'
import { type Found, scan } from './scan.ts'

export interface DeadLetterPageOptions extends DeadLetterFilter {
  /** Dead letters on one page; default 100. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly after?: string | undefined
}

export interface DeadLetterPage {
  /** By dead letter topic, and within it in the order in which they died. */
  readonly items: readonly DeadLetter[]
  /** Where the next page begins; `undefined`: this is the last one. */
  readonly next: string | undefined
}

export interface DiscardOptions extends DeadLetterFilter {
  /** Without any filter: discards all there are. */
  readonly all?: boolean | undefined
  readonly limit?: number | undefined
  /** Only counts; default false. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Called after each batch with how many are discarded so far. */
  readonly onProgress?: ((done: number) => void) | undefined
}

export interface DiscardReport {
  readonly matched: number
  /** No longer listed, and never redriven. */
  readonly discarded: number
  /** False if `signal` ended it. */
  readonly complete: boolean
}

const pageSize = 100

/** Looks at events that failed for good, and has them handled again or forgotten: `bus.deadLetters`. */
export class DeadLetters {
  readonly #host: OperationsHost

  constructor(host: OperationsHost) {
    this.#host = host
  }

  /** One page of those that are neither redriven nor discarded; parked ones are among them. */
  async list({ limit = pageSize, after, ...filter }: DeadLetterPageOptions = {}): Promise<DeadLetterPage> {
    assertFilter(filter)
    assertNumbers({ limit: [limit, 1] })
    const start = after === undefined ? undefined : placeOf(after)
    if (after !== undefined && start === undefined)
      throw new ConfigInvalidError([{ name: 'after', problem: `${JSON.stringify(after)} is not the end of a page` }])
    const items: DeadLetter[] = []
    for await (const { letter } of this.#all(filter, start)) {
      if (items.length === limit) return { items, next: items.at(-1)?.id }
      items.push(letter)
    }
    return { items, next: undefined }
  }

  /** How many `list` would give on all its pages. */
  async count(filter: DeadLetterFilter = {}): Promise<number> {
    assertFilter(filter)
    let count = 0
    for await (const _ of this.#all(filter)) count++
    return count
  }

  /** `undefined`: there is none, or it was redriven or discarded. */
  async get(id: string): Promise<DeadLetter | undefined> {
    const { items } = await this.list({ ids: [id], limit: 1 })
    return items[0]
  }

  /**
   * Has dead letters handled again, by the group that failed and by nobody else: with the same id, key and metadata, their
   * attempts counted afresh. May be interrupted and repeated at any time: nothing is lost, and at most the batch that
   * was under way (100 events) is handled twice.
   * @throws ConfigInvalidError, PublishError
   */
  async redrive(options: RedriveOptions = {}): Promise<RedriveReport> {
    const redrive = new Redrive(this.#host, options)
    await this.#host.open()
    return redrive.run()
  }

  /** Has dead letters forgotten: they are no longer listed nor redriven, and leave with the retention of their topic. */
  async discard({ all, limit, dryRun = false, signal, onProgress, ...filter }: DiscardOptions): Promise<DiscardReport> {
    assertFilter(filter)
    const terms = new Terms(this.#host, { limit, signal })
    if (all !== true && !isSelective(filter))
      throw new ConfigInvalidError([
        { name: 'all', problem: 'say which dead letters, or { all: true } to discard every one' },
      ])
    await this.#host.open()
    const { adapter } = this.#host
    const counts = { matched: 0, discarded: 0 }
    const left = (): number => (terms.signal.aborted ? 0 : terms.limit - counts.matched)
    for (const dlqTopic of await dlqTopicsFor(adapter, filter)) {
      if (left() <= 0) break
      const ledger = await Ledger.open(adapter, dlqTopic)
      const batch = new Batch<Found>()
      const flush = async (): Promise<void> => {
        const places = batch.take().map(({ message }) => message.position)
        await ledger.write('discarded', places)
        counts.discarded += places.length
        if (places.length > 0) onProgress?.(counts.discarded)
      }
      for await (const found of scan(adapter, dlqTopic, ledger, filter)) {
        if (left() <= 0) break
        counts.matched++
        if (!dryRun) batch.add(found)
        if (batch.full) await flush()
      }
      if (!terms.signal.aborted) await flush()
    }
    assertStillOpen(this.#host)
    return { ...counts, complete: !terms.signal.aborted }
  }

  async *#all(filter: DeadLetterFilter, start?: ReturnType<typeof placeOf>): AsyncGenerator<Found> {
    await this.#host.open()
    const { adapter } = this.#host
    for (const dlqTopic of await dlqTopicsFor(adapter, filter)) {
      if (start !== undefined && dlqTopic < start.dlqTopic) continue
      const after = start?.dlqTopic === dlqTopic ? start.position : undefined
      yield* scan(adapter, dlqTopic, await Ledger.open(adapter, dlqTopic), filter, after)
    }
  }
}
