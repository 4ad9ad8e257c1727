import type { Handler } from '../consume/context.ts'
import { defaults } from '../defaults.ts'
import { ConfigInvalidError } from '../errors.ts'
import type { BaseEvent } from '../events.ts'
import { redriveCopy } from '../failure/copies.ts'
import {
  assertStillOpen,
  Batch,
  handleOutside,
  type OperationOptions,
  type OperationsHost,
  storeCopies,
  Terms,
  unstored,
} from '../operations.ts'
import { retryTopicOf } from '../spi/topics.ts'
import { errorText } from '../util/error-text.ts'
import { assertFilter, type DeadLetterFilter, dlqTopicsFor } from './filter.ts'
import { Ledger } from './ledger.ts'
import { type Found, scan } from './scan.ts'

export interface RedriveOptions extends DeadLetterFilter, OperationOptions {
  /** Events at most. */
  readonly limit?: number | undefined
  /** A handler that is called here, instead of leading the events back to the group that failed. */
  readonly into?: Handler<BaseEvent> | undefined
  /** Publishes the events to their topic again: every group gets them, also those that have handled them. Default false. */
  readonly toTopic?: boolean | undefined
  /** How often one event is redriven in all before it is parked; default 3. */
  readonly maxRedrives?: number | undefined
  /** Redrives also what is parked, or would be; default false. */
  readonly force?: boolean | undefined
}

export interface RedriveReport {
  /** Dead letters that were asked for. */
  readonly matched: number
  /** Led back, and no longer listed. */
  readonly redriven: number
  /** Redriven too often already: they stay, and only `force` moves them. */
  readonly parked: number
  /** Left where they are; `problems` says why. */
  readonly skipped: number
  /** Each reason once, at most 20 of them. */
  readonly problems: readonly string[]
  /** False if `signal` ended it. */
  readonly complete: boolean
}

const mostProblems = 20

/** Has dead letters handled again: the copy is stored first, then the dead letter counts as settled. */
export class Redrive {
  readonly #host: OperationsHost
  readonly #options: RedriveOptions
  readonly #handler: Handler<BaseEvent> | undefined
  readonly #terms: Terms
  readonly #batch: Batch<Found>
  readonly #parked: Found[] = []
  readonly #groups = new Map<string, Promise<boolean>>()
  readonly #problems = new Set<string>()
  readonly #counts = { matched: 0, redriven: 0, parked: 0, skipped: 0 }
  /** How many more may be redriven. */
  #left: number

  constructor(host: OperationsHost, options: RedriveOptions) {
    const { into, toTopic, maxRedrives } = options
    assertFilter(options)
    const terms = new Terms(host, options, { maxRedrives: [maxRedrives, 0] })
    if (into !== undefined && typeof into !== 'function')
      throw new ConfigInvalidError([{ name: 'into', problem: `${String(into)} is not a function` }])
    if (into !== undefined && toTopic === true)
      throw new ConfigInvalidError([
        { name: 'toTopic', problem: 'the events go to the handler (into) or to the topic, not both' },
      ])
    this.#host = host
    this.#options = options
    this.#handler = into === undefined ? undefined : host.around(into)
    this.#terms = terms
    // What a handler has done is written down at once: it should not be done twice.
    this.#batch = new Batch(into === undefined ? this.#terms.batch : 1)
    this.#left = this.#terms.limit
  }

  async run(): Promise<RedriveReport> {
    const { adapter } = this.#host
    for (const dlqTopic of await dlqTopicsFor(adapter, this.#options)) {
      if (this.#terms.signal.aborted || this.#left <= 0) break
      await this.#runTopic(dlqTopic, await Ledger.open(adapter, dlqTopic))
    }
    assertStillOpen(this.#host)
    return { ...this.#counts, problems: [...this.#problems], complete: !this.#terms.signal.aborted }
  }

  async #runTopic(dlqTopic: string, ledger: Ledger): Promise<void> {
    if (this.#left <= 0) return
    for await (const found of scan(this.#host.adapter, dlqTopic, ledger, this.#options)) {
      if (this.#terms.signal.aborted) break
      this.#counts.matched++
      if (!(await this.#isDue(found))) continue
      this.#left--
      if (this.#options.dryRun !== true) {
        this.#batch.add(found)
        if (this.#batch.full) await this.#flush(ledger)
      }
      if (this.#left <= 0) break
    }
    await this.#flush(ledger)
    const parked = this.#parked.splice(0).filter(({ letter }) => !letter.parked)
    if (this.#options.dryRun !== true)
      await ledger.write(
        'parked',
        parked.map(({ message }) => message.position),
      )
  }

  async #isDue(found: Found): Promise<boolean> {
    const { force = false, maxRedrives = defaults.maxRedrives } = this.#options
    const { parked, redrives } = found.letter
    if (!force && (parked || redrives >= maxRedrives)) {
      this.#counts.parked++
      this.#parked.push(found)
      return false
    }
    const problem = await this.#obstacle(found)
    if (problem === undefined) return true
    this.#skip(problem)
    return false
  }

  /** Why there is nowhere to lead it back to. */
  async #obstacle({ letter: { topic, group, dlqTopic, event } }: Found): Promise<string | undefined> {
    const { into, toTopic = false } = this.#options
    if (into !== undefined)
      return event === undefined ? `what is no event cannot be given to a handler ("${dlqTopic}")` : undefined
    if (toTopic) return topic === dlqTopic ? `it is not known where the events of "${dlqTopic}" failed` : undefined
    const others = 'Use { into: handler }, or { toTopic: true } for every group.'
    if (group === undefined)
      return `the subscription to "${topic}" that failed had no group, so nothing leads back to it. ${others}`
    if (await this.#consumes(topic, group)) return undefined
    return `the group "${group}" has no position on "${topic}": it was deleted, and nobody would get the events. ${others}`
  }

  #consumes(topic: string, group: string): Promise<boolean> {
    const name = `${topic}/${group}`
    let known = this.#groups.get(name)
    if (known === undefined) {
      known = this.#host.adapter.inspect(topic, group).then((state) => state !== undefined)
      this.#groups.set(name, known)
    }
    return known
  }

  async #flush(ledger: Ledger): Promise<void> {
    const batch = this.#batch.take()
    const { pace, signal } = this.#terms
    await pace.turn(batch.length, signal)
    if (signal.aborted || batch.length === 0) return
    await ledger.assertWritable()
    await ledger.refresh()
    const due = batch.filter(({ message }) => !ledger.isSettled(message.position))
    for (const _ of batch.slice(due.length)) this.#skip('somebody else has dealt with them in the meantime')
    if (this.#handler === undefined) await this.#sendBack(due, ledger)
    else for (const found of due) await this.#handle(found, this.#handler, ledger)
    this.#options.onProgress?.(this.#counts.redriven)
  }

  async #sendBack(due: readonly Found[], ledger: Ledger): Promise<void> {
    const { toTopic = false } = this.#options
    const copies = due.map(({ letter: { topic, group, redrives }, message }) => {
      const to = toTopic ? topic : retryTopicOf(topic, group as string)
      return redriveCopy(to, message, redrives + 1, toTopic)
    })
    const places = due.map(({ message }) => message.position)
    try {
      await storeCopies(this.#host, copies)
    } catch (error) {
      const open = unstored(error, copies.length)
      await ledger.write(
        'redriven',
        places.filter((_, index) => !open.has(index)),
      )
      throw error
    }
    await ledger.write('redriven', places)
    this.#counts.redriven += due.length
  }

  async #handle({ letter, message }: Found, handler: Handler<BaseEvent>, ledger: Ledger): Promise<void> {
    const { topic, event } = letter
    try {
      const about = { message, event: event as BaseEvent, topic }
      await handleOutside(this.#host, about, handler, { replayed: false, signal: this.#terms.signal })
    } catch (error) {
      return this.#skip(`the handler failed: ${errorText(error)}`)
    }
    await ledger.write('redriven', [message.position])
    this.#counts.redriven++
  }

  #skip(problem: string): void {
    this.#counts.skipped++
    if (this.#problems.size < mostProblems) this.#problems.add(problem)
  }
}
