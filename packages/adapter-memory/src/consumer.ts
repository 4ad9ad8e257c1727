import { LoanLostError, type Consumer, type ConsumerState, type Message } from '@bus/core/spi'
import { done, MemoryDelivery, type Lender } from './delivery.ts'
import type { Group, Member, Sharing } from './group.ts'
import type { MemoryMessage } from './message.ts'
import type { Source } from './topics.ts'

const ready: ConsumerState = Object.freeze({ status: 'ready' })
const nothing: readonly MemoryDelivery[] = Object.freeze([])
const pulledNothing: Promise<readonly MemoryDelivery[]> = Promise.resolve(nothing)

/** What a consumer needs of the adapter. */
export interface Host {
  publish(messages: readonly Message[], source: Source): Promise<void>
  /** Resolves when everything until now is recorded; `undefined` where nothing is. */
  flush(): Promise<void> | undefined
  /** Its loans are given back, it has left its groups. */
  closed(consumer: MemoryConsumer): void
}

export class MemoryConsumer implements Consumer, Member, Lender {
  readonly state: ConsumerState = ready
  readonly groups: readonly Group[]
  readonly open: MemoryDelivery[] = []
  idle = false
  readonly #sharings: ReadonlySet<Sharing>
  readonly #host: Host
  #batch: MemoryDelivery[] | undefined
  #max = 0
  #turn = 0
  #closing: Promise<void> | undefined
  #signal: AbortSignal | undefined
  #resolve: ((batch: readonly MemoryDelivery[]) => void) | undefined
  // Made once, not for every pull.
  readonly #wait = (resolve: (batch: readonly MemoryDelivery[]) => void): void => void (this.#resolve = resolve)
  readonly #stopWaiting = (): void => this.#answer(nothing)

  constructor(groups: readonly Group[], host: Host) {
    this.groups = groups
    this.#host = host
    // One, unless the topics were consumed by different members before.
    this.#sharings = new Set(groups.map(({ sharing }) => sharing))
    for (const sharing of this.#sharings) sharing.join(this)
  }

  // Not async, and a waiting pull is resolved by `publish` itself: its caller goes on before the publisher does.
  pull(max: number, signal: AbortSignal): Promise<readonly MemoryDelivery[]> {
    if (this.idle) return Promise.reject(new TypeError('pull() was called again before the last call had resolved.'))
    if (this.#closing !== undefined || signal.aborted || max < 1) return pulledNothing
    const batch = this.#take(max)
    if (batch !== undefined) return Promise.resolve(batch)
    if (signal !== this.#signal) this.#listen(signal)
    this.#max = max
    this.idle = true
    return new Promise(this.#wait)
  }

  serve(): void {
    const batch = this.#take(this.#max)
    if (batch !== undefined) this.#answer(batch)
  }

  lend(group: Group, message: MemoryMessage, note: string | undefined): void {
    const delivery = new MemoryDelivery(message, group, note, this.open.length, this)
    this.open.push(delivery)
    if (this.#batch === undefined) this.#batch = [delivery]
    else this.#batch.push(delivery)
  }

  settle(delivery: MemoryDelivery): void {
    this.#remove(delivery)
    delivery.group.settle(delivery.message)
  }

  giveBack(delivery: MemoryDelivery, note: string | undefined): void {
    const { group, message } = delivery
    this.#remove(delivery)
    if (note !== delivery.note) group.book?.noted(message.sequence, note)
    group.takeBack({ group, message, note })
    group.sharing.wake()
  }

  forward(delivery: MemoryDelivery, copy: Message): Promise<void> {
    const { group, message } = delivery
    if (this.#closing !== undefined) return Promise.reject(new LoanLostError(message.topic, message.position))
    const settle = (): void => {
      if (delivery.index < 0) return
      this.#remove(delivery)
      group.settled(message)
    }
    return this.#host.publish([copy], { group, sequence: message.sequence, settle })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #close(): Promise<void> {
    this.#answer(nothing)
    this.#listen(undefined)
    // Copies may be on their way to the disk: what they settle is not given back.
    const recorded = this.#host.flush()
    if (recorded !== undefined) return recorded.finally(() => this.#leave())
    this.#leave()
    return done
  }

  #leave(): void {
    for (let delivery = this.open.at(-1); delivery !== undefined; delivery = this.open.at(-1)) {
      this.#remove(delivery)
      delivery.group.takeBack(delivery)
    }
    for (const sharing of this.#sharings) sharing.leave(this)
    this.#host.closed(this)
  }

  #take(max: number): MemoryDelivery[] | undefined {
    const { groups } = this
    let room = (groups[this.#turn] as Group).take(this, max)
    if (groups.length > 1) {
      // Each topic is the first one in its turn, so that a busy one does not starve the others.
      for (let index = 1; index < groups.length && room > 0; index++) {
        room = (groups[(this.#turn + index) % groups.length] as Group).take(this, room)
      }
      this.#turn = (this.#turn + 1) % groups.length
    }
    const batch = this.#batch
    this.#batch = undefined
    return batch
  }

  #answer(batch: readonly MemoryDelivery[]): void {
    const resolve = this.#resolve
    this.#resolve = undefined
    this.idle = false
    resolve?.(batch)
  }

  /** One listener as long as the same signal is passed, instead of one for each pull. */
  #listen(signal: AbortSignal | undefined): void {
    this.#signal?.removeEventListener('abort', this.#stopWaiting)
    this.#signal = signal
    signal?.addEventListener('abort', this.#stopWaiting)
  }

  #remove(delivery: MemoryDelivery): void {
    const last = this.open.pop() as MemoryDelivery
    if (last !== delivery) {
      this.open[delivery.index] = last
      last.index = delivery.index
    }
    delivery.index = -1
  }
}
