import type { Handler, HandlerContext } from './consume/context.ts'
import { frames } from './consume/frame.ts'
import type { ConsumeHost } from './consume/host.ts'
import type { PlacedMiddleware } from './consume/middleware.ts'
import { ClosedError, ConfigInvalidError, type ConfigIssue, EventBusError, PublishError } from './errors.ts'
import type { BaseEvent } from './events.ts'
import type { CopyMessage } from './wire/event-message.ts'
import type { StoredMessage } from './spi/message.ts'
import { numberProblem } from './util/number-problem.ts'
import { Pace } from './util/pace.ts'
import { header } from './wire/headers.ts'

/** What is done to stored events on somebody's order needs this of the bus. */
export interface OperationsHost extends ConsumeHost {
  /** Aborts when the bus begins to close. */
  readonly closing: AbortSignal
  /** Connects on first use. @throws ClosedError */
  open(): Promise<void>
  /** The handler inside the bus's middleware, and its own. */
  around(handler: Handler<BaseEvent>, own?: readonly PlacedMiddleware[]): Handler<BaseEvent>
}

/** What such an order may be limited by. */
export interface OperationOptions {
  /** Events per second; default: as fast as it goes. */
  readonly rate?: number | undefined
  /** Only counts what would be done; default false. */
  readonly dryRun?: boolean | undefined
  /** Stops between two events (or batches) when it aborts; the report says how far it came. */
  readonly signal?: AbortSignal | undefined
  /** Called after each batch (event by event into a handler) with how many events are done so far. */
  readonly onProgress?: ((done: number) => void) | undefined
}

/** @throws ClosedError for what a closing bus has cut short. */
export function assertStillOpen({ closing }: OperationsHost): void {
  if (closing.aborted) throw new ClosedError('The event bus')
}

/** @throws ConfigInvalidError */
export function assertNumbers(numbers: Readonly<Record<string, readonly [value: unknown, min: number]>>): void {
  const issues: ConfigIssue[] = []
  for (const [name, [value, min]] of Object.entries(numbers)) {
    const problem = value === undefined ? undefined : numberProblem(value, min, name !== 'rate')
    if (problem !== undefined) issues.push({ name, problem })
  }
  if (issues.length > 0) throw new ConfigInvalidError(issues)
}

/** How many messages, and how many of their bytes, are stored as one batch. */
const batchMessages = 100
const batchBytes = 1024 * 1024

/** Gathers what is to be stored together: few calls, and little that is doubled if it ends in the middle. */
export class Batch<Item extends { readonly message: StoredMessage }> {
  readonly #most: number
  #items: Item[] = []
  #bytes = 0

  constructor(most: number = batchMessages) {
    this.#most = Math.max(1, Math.min(most, batchMessages))
  }

  get full(): boolean {
    return this.#items.length >= this.#most || this.#bytes >= batchBytes
  }

  add(item: Item): void {
    const { message } = item
    this.#items.push(item)
    // What never left this process costs nothing to hold, and would have to be written out to be counted.
    if (message.origin === undefined) this.#bytes += message.body.length
  }

  take(): Item[] {
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    return items
  }
}

/** What the options of an order come to. */
export class Terms {
  /** Aborts when the caller's signal does, or when the bus begins to close. */
  readonly signal: AbortSignal
  readonly pace: Pace
  /** Events at most. */
  readonly limit: number
  /** Messages in a batch at most: with a limit of the rate a tenth of a second's worth. */
  readonly batch: number | undefined

  /** @throws ConfigInvalidError */
  constructor(
    host: OperationsHost,
    { signal, rate, limit }: OperationOptions & { readonly limit?: number | undefined },
    more: Parameters<typeof assertNumbers>[0] = {},
  ) {
    assertNumbers({ ...more, rate: [rate, Number.MIN_VALUE], limit: [limit, 0] })
    this.signal = signal === undefined ? host.closing : AbortSignal.any([signal, host.closing])
    this.pace = new Pace(host.clock, rate)
    this.limit = limit ?? Number.POSITIVE_INFINITY
    this.batch = rate === undefined ? undefined : Math.floor(rate / 10)
  }
}

/** Stores copies. What is on its way to a retry topic that this process reads counts as work that is due. */
export async function storeCopies(
  { adapter, deferrals }: OperationsHost,
  copies: readonly CopyMessage[],
): Promise<void> {
  for (const { topic } of copies) deferrals.add(topic)
  try {
    await adapter.publish(copies)
  } catch (error) {
    for (const index of unstored(error, copies.length)) deferrals.remove((copies[index] as CopyMessage).topic)
    throw error
  }
}

/** The indexes of those that are not, or perhaps not, stored. */
export function unstored(error: unknown, count: number): Set<number> {
  if (error instanceof PublishError) return new Set(error.failures.map(({ index }) => index))
  return new Set(Array.from({ length: count }, (_, index) => index))
}

/** Has an event handled outside of any subscription. Rejects with what the handler throws. */
export async function handleOutside(
  { bus }: OperationsHost,
  { message, event, topic }: { readonly message: StoredMessage; readonly event: BaseEvent; readonly topic: string },
  handler: Handler<BaseEvent>,
  { replayed, signal }: Pick<HandlerContext, 'replayed' | 'signal'>,
): Promise<void> {
  const refuse = async (): Promise<never> => {
    throw new EventBusError(
      'BUS_CONFIG_INVALID',
      'There is nothing to settle here: what the handler returns, or throws, counts.',
    )
  }
  const context: HandlerContext = {
    topic,
    key: message.key,
    attempt: 1,
    consumerGroup: undefined,
    position: message.position,
    signal,
    replayed: replayed || message.headers[header.replayed] !== undefined,
    ack: refuse,
    nack: refuse,
    deadLetter: refuse,
  }
  await frames.run({ bus, metadata: event.metadata, job: undefined }, handler, event, context)
}
