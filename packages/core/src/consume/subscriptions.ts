import { defaults } from '../defaults.ts'
import { SubscriptionUnknownError, TimeoutError } from '../errors.ts'
import type { StartFrom } from '../spi/consume.ts'
import { Deadline } from './deadline.ts'
import { jobAtHand } from './frame.ts'
import type { ConsumeHost } from './host.ts'
import { isPattern } from './pattern.ts'
import type { Subscription } from './subscription.ts'

interface Ending {
  /** Nothing runs any more but the handler that asked for the end. */
  readonly drained: Promise<void>
  /** The groups are left. */
  readonly closed: Promise<void>
  readonly deadline: Deadline
}

/** The subscriptions of one bus, from their start to their end. */
export class Subscriptions {
  readonly #host: ConsumeHost
  readonly #ended: (subscription: Subscription) => void
  readonly #open = new Map<string, Subscription>()
  readonly #endings = new Map<Subscription, Ending>()
  readonly #listeners = new Map<Subscription, () => void>()
  readonly #announced = new Set<string>()
  /** Those that have started: only they are told of new topics. */
  readonly #patterns = new Set<Subscription>()

  constructor(host: ConsumeHost, ended: (subscription: Subscription) => void) {
    this.#host = host
    this.#ended = ended
  }

  [Symbol.iterator](): Iterator<Subscription> {
    return this.#open.values()
  }

  get inFlight(): number {
    let sum = 0
    for (const { inFlight } of this.#open.values()) sum += inFlight
    return sum
  }

  /** With a `signal`, the subscription ends when it aborts. */
  async start(subscription: Subscription, startFrom: StartFrom, signal: AbortSignal | undefined): Promise<void> {
    this.#open.set(subscription.id, subscription)
    try {
      await subscription.start(startFrom)
    } catch (error) {
      await this.end([subscription], 0)
      throw error
    }
    const isOpen = this.#open.has(subscription.id) && !this.#endings.has(subscription)
    if (isOpen && isPattern(subscription.topic)) {
      this.#patterns.add(subscription)
      this.#announced.clear()
    }
    if (signal !== undefined) await this.#endWith(signal, subscription)
  }

  /** Before the first publish to a topic: patterns of this process are to see its first event. */
  announce(topic: string): Promise<void> | undefined {
    if (this.#patterns.size === 0 || this.#announced.has(topic)) return undefined
    const all = [...this.#patterns].map((subscription) => subscription.announce(topic))
    return Promise.all(all).then(() => void this.#announced.add(topic))
  }

  /** @throws SubscriptionUnknownError */
  async endOne(id: string, timeoutMs: number): Promise<void> {
    const subscription = this.#open.get(id)
    if (subscription === undefined) throw new SubscriptionUnknownError(id)
    await this.end([subscription], timeoutMs)
  }

  async endAll(timeoutMs: number): Promise<void> {
    await this.end([...this.#open.values()], timeoutMs)
  }

  /**
   * Resolves when they are closed; inside a handler of this bus, when all other handlers are done: it cannot wait for
   * itself. Never rejects, never hangs: what is ending already has no more time left than `timeoutMs`.
   */
  async end(subscriptions: readonly Subscription[], timeoutMs: number): Promise<void> {
    const inside = jobAtHand(this.#host.bus) !== undefined
    const endings = subscriptions.map((subscription) => {
      const known = this.#endings.get(subscription)
      known?.deadline.hurry(timeoutMs)
      // Whoever ended it first waits for it; a handler of it that waited as well would wait for itself.
      if (known !== undefined) return inside ? Promise.resolve() : known.closed
      const ending = this.#begin(subscription, timeoutMs)
      return inside ? ending.drained : ending.closed
    })
    await Promise.all(endings)
  }

  async #endWith(signal: AbortSignal, subscription: Subscription): Promise<void> {
    const end = (): Promise<void> => this.end([subscription], defaults.closeTimeoutMs)
    if (signal.aborted) return end()
    const listener = (): void => void end()
    signal.addEventListener('abort', listener, { once: true })
    this.#listeners.set(subscription, () => signal.removeEventListener('abort', listener))
  }

  /** Resolves when every ending that has begun is over. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#endings.values()].map(({ closed }) => closed))
  }

  #begin(subscription: Subscription, timeoutMs: number): Ending {
    const except = jobAtHand(this.#host.bus)
    const deadline = new Deadline(this.#host.clock, timeoutMs)
    this.#patterns.delete(subscription)
    const drained = subscription.drain(deadline.signal, except).catch((error: unknown) => this.#report(error))
    const closed = this.#bounded(
      deadline,
      drained.then(() => subscription.close(deadline.signal)),
    ).finally(() => {
      deadline.cancel()
      this.#open.delete(subscription.id)
      this.#endings.delete(subscription)
      this.#listeners.get(subscription)?.()
      this.#listeners.delete(subscription)
      this.#ended(subscription)
    })
    const ending = { drained: Promise.race([drained, deadline.passed]).then(() => {}), closed, deadline }
    this.#endings.set(subscription, ending)
    return ending
  }

  async #bounded(deadline: Deadline, work: Promise<void>): Promise<void> {
    try {
      const afterMs = await Promise.race([work, deadline.passed])
      if (afterMs !== undefined) this.#report(new TimeoutError('The adapter', afterMs))
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    this.#host.hooks.emit('error', { error, operation: 'ending a subscription' })
  }
}
