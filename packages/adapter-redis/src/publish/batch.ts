import { PublishError, type Message, type PublishFailure, type Stored } from '@bus/core/spi'

export interface Failure {
  readonly stored: Stored
  readonly cause: unknown
}

const maxEvents = 250
const maxBytes = 256 * 1024
// One that waits for a connection is not filled up by latecomers, who would inherit its deadline.
const openForMs = 1_000

/** Events that travel as one command. All callers share one promise; each looks up its own outcome. */
export class Batch {
  readonly messages: Message[] = []
  readonly bodies: (string | Buffer)[] = []
  /** Every event is nothing but a body. */
  plain = true
  kept = false
  bytes = 0
  readonly openedAt: number
  /** Resolves when each event's outcome is known. */
  readonly settled: Promise<void>
  isSettled = false
  #settle!: () => void
  #failures: Map<number, Failure> | undefined
  #common: Failure | undefined

  constructor(now: number) {
    this.openedAt = now
    this.settled = new Promise((resolve) => (this.#settle = resolve))
  }

  hasRoomFor(bytes: number, now: number): boolean {
    if (this.messages.length === 0) return true
    return this.messages.length < maxEvents && this.bytes + bytes <= maxBytes && now - this.openedAt < openForMs
  }

  /** Its number in the batch. */
  add(message: Message, body: string | Buffer, bytes: number): number {
    if (this.plain && (message.key !== undefined || !isEmpty(message.headers))) this.plain = false
    if (message.retention === 'kept') this.kept = true
    this.bytes += bytes
    this.bodies.push(body)
    return this.messages.push(message) - 1
  }

  succeed(failures?: Map<number, Failure>): void {
    this.#failures = failures
    this.#end()
  }

  fail(failure: Failure): void {
    this.#common = failure
    this.#end()
  }

  failureOf(number: number): Failure | undefined {
    return this.#common ?? this.#failures?.get(number)
  }

  /** The outcome of a call that published only this one. */
  outcome(number: number): Promise<void> {
    return this.settled.then(() => {
      const failure = this.failureOf(number)
      if (failure !== undefined) throw new PublishError(this.messages[number]?.topic ?? '', [{ index: 0, ...failure }])
    })
  }

  #end(): void {
    this.isSettled = true
    this.#settle()
  }
}

/** The outcome of a call that published several. */
export async function outcomeOf(parts: readonly { readonly batch: Batch; readonly number: number }[]): Promise<void> {
  for (const batch of new Set(parts.map((part) => part.batch))) await batch.settled
  const failures: PublishFailure[] = []
  for (const [index, { batch, number }] of parts.entries()) {
    const failure = batch.failureOf(number)
    if (failure !== undefined) failures.push({ index, ...failure })
  }
  if (failures.length === 0) return
  const topics = new Set(failures.map(({ index }) => parts[index]?.batch.messages[0]?.topic ?? ''))
  throw new PublishError([...topics].join(', '), failures)
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}
