import { TimeoutError, type Message } from '@bus/core/spi'
import { explained, isReadOnly, isReply, NotSentError } from '../link/failure.ts'
import type { Link } from '../link/link.ts'
import { waits, type StorageWait } from '../link/wait.ts'
import type { Catalog } from '../topics/catalog.ts'
import { Batch, type Failure } from './batch.ts'
import type { Road } from './encode.ts'

export interface WriterHost {
  readonly catalog: Catalog
  readonly timeoutMs: number
  /** Replicas that must have it. */
  readonly wait: StorageWait
  /** The way on which the topic's events are sent. */
  linkTo(topic: string): Link
  /** A batch has its outcome. */
  settled(batch: Batch): void
  /** Something was put aside; the first of all is due in so many milliseconds. */
  delayed(topic: string, nextMs: number): void
  stored(topic: string, events: number): void
}

// A server that was told to forget its scripts refuses a digest; until the text is sent after it, another batch could pass.
// So a batch that is to be followed before its reply is sent with the text: from so many bytes on, that costs nothing.
const textFromBytes = 16 * 1024
const replicaPauseMs = 100
/** Nothing was stored, and it may be sent once more. */
const again = Symbol()

/** Number in the batch, error, and so on. */
type Failed = readonly (number | string | Buffer)[]

interface Answer {
  readonly reply: unknown
  /** So many have it. */
  readonly shortfall?: string | undefined
}

/**
 * The road of one topic's events to the server: filled as they come, two batches on their way at most, in order. Sends
 * as soon as it can and otherwise when a reply comes: an idle process sends at once, a busy one in large batches.
 */
export class Writer {
  readonly link: Link
  readonly #topic: string
  readonly #road: Road
  readonly #host: WriterHost
  readonly #stopListening: () => void
  readonly #waiting: Batch[] = []
  /** `true`: with the text of its script. */
  readonly #flying = new Map<Batch, boolean>()
  #open: Batch | undefined
  #scheduled = false
  #registering = false
  #pause: NodeJS.Timeout | undefined
  #everStored = false
  /** An event that is nothing but a body was stored by this connection: the base stream is there. */
  #based = false
  /**
   * A batch was stored by this connection, so that the server knows the topic: until then one at a time, because a batch
   * for a topic it does not know is refused and sent again, behind the next one.
   */
  #established = false

  constructor(topic: string, road: Road, host: WriterHost) {
    this.#topic = topic
    this.#road = road
    this.#host = host
    this.link = host.linkTo(topic)
    this.#stopListening = this.link.onReady(() => this.#reconnected())
  }

  /** There is something to send or to wait for, and a connection to do so. */
  get canWork(): boolean {
    return this.link.ready && (this.#waiting.length > 0 || this.#flying.size > 0)
  }

  add(message: Message, body: string | Buffer, bytes: number): { batch: Batch; number: number } {
    const now = performance.now()
    let batch = this.#open
    if (batch === undefined || !batch.hasRoomFor(bytes, now)) {
      batch = new Batch(now)
      this.#open = batch
      this.#waiting.push(batch)
    }
    const number = batch.add(message, body, bytes)
    if (!this.#scheduled && this.#maySend) {
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        this.flush()
      })
    }
    return { batch, number }
  }

  flush(): void {
    while (this.#waiting.length > 0 && this.#maySend) {
      const batch = this.#waiting.shift() as Batch
      if (batch === this.#open) this.#open = undefined
      const alone = this.#travelsAlone(batch)
      const withText = alone || batch.bytes >= textFromBytes
      this.#flying.set(batch, withText)
      void this.#send(batch, alone ? this.#append(batch) : this.#run(batch, withText))
    }
  }

  /** Settles what has waited too long. `true`: a reply is overdue, the connection is not to be trusted. */
  expire(now: number): boolean {
    const { timeoutMs } = this.#host
    const late = (batch: Batch): boolean => now - batch.openedAt >= timeoutMs
    const cause = new TimeoutError(`Storing in topic "${this.#topic}"`, timeoutMs)
    while (this.#waiting[0] !== undefined && late(this.#waiting[0])) {
      this.#fail(this.#waiting.shift() as Batch, {
        stored: 'no',
        cause: this.link.ready ? cause : this.link.failure(),
      })
    }
    let overdue = false
    for (const batch of this.#flying.keys()) {
      if (!late(batch)) continue
      overdue = true
      this.#fail(batch, { stored: 'unknown', cause })
    }
    return overdue
  }

  /** Nothing is sent any more. */
  close(cause: unknown): void {
    this.#stopListening()
    clearTimeout(this.#pause)
    for (const batch of this.#waiting.splice(0)) this.#fail(batch, { stored: 'no', cause })
    for (const batch of this.#flying.keys()) this.#fail(batch, { stored: 'unknown', cause })
  }

  get #maySend(): boolean {
    if (this.#registering || this.#pause !== undefined || !this.link.ready) return false
    return this.#flying.size === 0 || this.#mayFollow
  }

  /** What is on its way can neither be refused as unknown nor be overtaken. */
  get #mayFollow(): boolean {
    if (!this.#established || !this.link.keepsOrder || this.#flying.size > 1) return false
    for (const withText of this.#flying.values()) return withText
    return true
  }

  /** The connection is a new one, perhaps to a server that does not know the topic: see `#established`. */
  #reconnected(): void {
    this.#established = false
    this.#based = false
    this.flush()
  }

  /** One event that needs no script: the server gives it the next id of the base stream. */
  #travelsAlone({ messages, plain, kept }: Batch): boolean {
    return this.#based && plain && messages.length === 1 && !kept && !this.#road.delays && !waits(this.#host.wait)
  }

  async #append({ bodies: [body = ''] }: Batch): Promise<Answer> {
    const { base } = this.#host.catalog.of(this.#topic)
    try {
      const id = await this.link.command('XADD', base, 'NOMKSTREAM', '*', 'body', body)
      if (id !== null) return { reply: 0 }
      this.#based = false
      return { reply: again }
    } catch (error) {
      if (!isReply(error)) throw error
      return { reply: [0, error.message] }
    }
  }

  async #run(batch: Batch, withText: boolean): Promise<Answer> {
    const { catalog, wait } = this.#host
    const { link } = this
    const { script, keys, args } = this.#road.call(batch, catalog.of(this.#topic), catalog.partitions(this.#topic))
    if (!waits(wait))
      return { reply: await (withText ? link.runText(script, keys, args) : link.run(script, keys, args)) }
    const [reply, shortfall] = await link.runWaiting(script, keys, args, wait)
    return { reply, shortfall }
  }

  async #send(batch: Batch, answer: Promise<Answer>): Promise<void> {
    try {
      this.#take(batch, await answer)
    } catch (error) {
      // A flushed connection rejects before it says that it is gone: what never left goes first when it is back.
      if (error instanceof NotSentError && !batch.isSettled) this.#again(batch)
      else
        this.#fail(batch, {
          stored: isReply(error) || error instanceof NotSentError ? 'no' : 'unknown',
          cause: explained(error),
        })
    }
    this.flush()
  }

  #take(batch: Batch, { reply, shortfall }: Answer): void {
    if (batch.isSettled) return
    if (reply === again) return this.#again(batch)
    const delayed = this.#road.delays ? (reply as [number, number, ...Failed]) : undefined
    const status = delayed?.[0] ?? reply
    const failed = delayed?.slice(2) ?? (Array.isArray(reply) ? (reply as Failed) : [])
    if (status === -1) return void this.#register(batch)
    if (typeof status === 'number' && status > 0) {
      this.#host.catalog.learn(this.#topic, status)
      return this.#again(batch)
    }
    let failures = failed.length === 0 ? undefined : this.#failures(failed)
    if (failures !== undefined && this.#everStored && isRefusedByReplica(batch, failures)) return this.#later(batch)
    this.#established = true
    this.#everStored = true
    if (batch.plain && failures === undefined && delayed === undefined) this.#based = true
    if (delayed !== undefined) this.#host.delayed(this.#topic, delayed[1])
    this.#host.stored(this.#topic, batch.messages.length)
    if (shortfall !== undefined) failures = unconfirmed(batch, shortfall, failures)
    this.#done(batch, failures)
  }

  #failures(list: Failed): Map<number, Failure> {
    const failures = new Map<number, Failure>()
    for (let at = 0; at < list.length; at += 2) {
      const message = String(list[at + 1])
      const cause = new Error(message)
      if (isReadOnly(cause)) this.link.demoted()
      failures.set(Number(list[at]), { stored: 'no', cause: explained(cause) })
    }
    return failures
  }

  /** The topic is not registered (yet, or any more): nothing was stored. */
  async #register(batch: Batch): Promise<void> {
    this.#established = this.#based = false
    this.#registering = true
    this.#again(batch)
    try {
      await this.#host.catalog.ensure(this.#topic)
    } catch (error) {
      if (!batch.isSettled && isReply(error)) {
        this.#waiting.splice(this.#waiting.indexOf(batch), 1)
        this.#fail(batch, { stored: 'no', cause: explained(error) })
      }
    } finally {
      this.#registering = false
    }
    this.flush()
  }

  /** What was the primary is a replica now; the next one is being looked for. */
  #later(batch: Batch): void {
    this.#again(batch)
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.flush()
    }, replicaPauseMs).unref()
  }

  /** Not stored for certain, so it may be sent once more, before all others. */
  #again(batch: Batch): void {
    this.#flying.delete(batch)
    const at = this.#waiting.findIndex((other) => other.openedAt > batch.openedAt)
    this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, batch)
  }

  #done(batch: Batch, failures: Map<number, Failure> | undefined): void {
    this.#flying.delete(batch)
    batch.succeed(failures)
    this.#host.settled(batch)
  }

  #fail(batch: Batch, failure: Failure): void {
    this.#flying.delete(batch)
    if (this.#open === batch) this.#open = undefined
    if (batch.isSettled) return
    batch.fail(failure)
    this.#host.settled(batch)
  }
}

/** Nothing of it was stored, and nothing will be here. */
function isRefusedByReplica({ messages }: Batch, failures: ReadonlyMap<number, Failure>): boolean {
  if (failures.size < messages.length) return false
  for (const { cause } of failures.values()) if (!isReadOnly(cause)) return false
  return true
}

function unconfirmed(
  { messages }: Batch,
  shortfall: string,
  failures = new Map<number, Failure>(),
): Map<number, Failure> {
  const cause = new Error(
    `It is stored, but ${shortfall}: a failover or a crash now may lose it. Publish it again with the same eventId, or look after the servers.`,
  )
  for (const index of messages.keys()) if (!failures.has(index)) failures.set(index, { stored: 'unknown', cause })
  return failures
}
