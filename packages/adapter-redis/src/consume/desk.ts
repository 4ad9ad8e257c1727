import { ClosedError, type Delivery } from '@bus/core/spi'

const nothing: readonly never[] = Object.freeze([])

interface Waiting {
  readonly max: number
  resolve(deliveries: readonly Delivery[]): void
  reject(error: unknown): void
}

/** Where `pull` waits. What arrives while nobody does lies on the shelf for the next one. */
export class Desk<Loan extends Delivery> {
  readonly #onWaiting: () => void
  #shelf: Loan[] = []
  #waiting: Waiting | undefined
  #closed = false

  constructor(onWaiting: () => void) {
    this.#onWaiting = onWaiting
  }

  /** How many are wanted; 0 if nobody waits. */
  get wanted(): number {
    return this.#waiting?.max ?? 0
  }

  pull(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (this.#closed || signal.aborted) return Promise.resolve(nothing)
    if (this.#waiting !== undefined) return Promise.reject(new Error('pull() was called while another pull() waits.'))
    if (this.#shelf.length > 0) return Promise.resolve(this.#shelf.splice(0, max))
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting = undefined
        signal.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        end()
        resolve(nothing)
      }
      signal.addEventListener('abort', abort)
      this.#waiting = {
        max,
        resolve: (deliveries) => {
          end()
          resolve(deliveries)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      }
      this.#onWaiting()
    })
  }

  put(loans: readonly Loan[]): void {
    if (loans.length === 0) return
    const all = this.#shelf.length === 0 ? loans : [...this.#shelf, ...loans]
    const max = this.wanted
    this.#shelf = all.slice(max)
    if (max > 0) this.#waiting?.resolve(all.length <= max ? all : all.slice(0, max))
  }

  /** Takes back what nobody has fetched yet. */
  withdraw(matching: (loan: Loan) => boolean): void {
    this.#shelf = this.#shelf.filter((loan) => !matching(loan))
  }

  /** `false`: nobody waits who could be told. */
  fail(error: unknown): boolean {
    this.#waiting?.reject(error)
    return this.#waiting !== undefined
  }

  close(): void {
    this.#closed = true
    this.#shelf = []
    this.#waiting?.resolve(nothing)
  }

  assertOpen(): void {
    if (this.#closed) throw new ClosedError('The consumer')
  }
}
