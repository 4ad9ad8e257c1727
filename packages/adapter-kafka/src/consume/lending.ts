import type { Delivery } from '@bus/core/spi'
import type { Partition } from './partition.ts'

const nothing: readonly Delivery[] = Object.freeze([])
const pulledNothing: Promise<readonly Delivery[]> = Promise.resolve(nothing)

/** Answers `pull` from the partitions a consumer has, each in its turn. */
export class Lending {
  #partitions: readonly Partition[] = []
  #turn = 0
  #closed = false
  #max = 0
  #resolve: ((deliveries: readonly Delivery[]) => void) | undefined
  #signal: AbortSignal | undefined
  readonly #hungry: () => void
  readonly #wait = (resolve: (deliveries: readonly Delivery[]) => void): void => void (this.#resolve = resolve)
  readonly #giveUp = (): void => this.#answer(nothing)

  /** `hungry` is called when a partition has little left to lend. */
  constructor(hungry: () => void) {
    this.#hungry = hungry
  }

  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  set partitions(partitions: readonly Partition[]) {
    this.#partitions = partitions
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (this.#resolve !== undefined)
      return Promise.reject(new TypeError('pull() was called before the last call had resolved.'))
    if (this.#closed || signal.aborted || max < 1) return pulledNothing
    const loans = this.#lend(max)
    if (loans.length > 0) return Promise.resolve(loans)
    this.#listen(signal)
    this.#max = max
    return new Promise(this.#wait)
  }

  /** There may be something to lend. */
  wake(): void {
    if (this.#resolve === undefined) return
    const loans = this.#lend(this.#max)
    if (loans.length > 0) this.#answer(loans)
  }

  /** In order of offsets within each partition. */
  open(): readonly Delivery[] {
    return this.#partitions.flatMap((partition) => [...partition.loans()])
  }

  close(): void {
    this.#closed = true
    this.#answer(nothing)
    this.#signal?.removeEventListener('abort', this.#giveUp)
    for (const partition of this.#partitions) partition.lose()
  }

  #lend(max: number): readonly Delivery[] {
    const loans: Delivery[] = []
    const { length } = this.#partitions
    let hungry = false
    for (let i = 0; i < length && loans.length < max; i++) {
      const partition = this.#partitions[(this.#turn + i) % length] as Partition
      const full = !partition.hungry
      partition.lend(max, loans)
      hungry ||= full && partition.hungry
    }
    this.#turn = length === 0 ? 0 : (this.#turn + 1) % length
    if (hungry) this.#hungry()
    return loans
  }

  #answer(deliveries: readonly Delivery[]): void {
    const resolve = this.#resolve
    this.#resolve = undefined
    resolve?.(deliveries)
  }

  /** The core uses one signal for many pulls. */
  #listen(signal: AbortSignal): void {
    if (signal === this.#signal) return
    this.#signal?.removeEventListener('abort', this.#giveUp)
    this.#signal = signal
    signal.addEventListener('abort', this.#giveUp)
  }
}
