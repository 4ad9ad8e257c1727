import type { Message } from '@bus/core/spi'

export interface DelayedMessage {
  readonly message: Message
  readonly due: number
  /** Among equals the one that was published first is first. */
  readonly order: number
}

const longestTimeout = 2 ** 31 - 1

/** Messages that are not due yet, in a binary heap, with one timer for the first of them. */
export class DelayedMessages {
  readonly #heap: DelayedMessage[] = []
  readonly #deliver: (due: readonly DelayedMessage[]) => void
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #timerDue = Number.POSITIVE_INFINITY

  constructor(deliver: (due: readonly DelayedMessage[]) => void) {
    this.#deliver = deliver
  }

  all(): Iterable<DelayedMessage> {
    return this.#heap
  }

  add(entry: DelayedMessage): void {
    const heap = this.#heap
    const { due } = entry
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as DelayedMessage
      if (!before(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
    if (due < this.#timerDue) this.#arm()
  }

  /** Nothing is delivered any more, and the process need not wait for it. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    const first = this.#heap[0]
    this.#timerDue = first?.due ?? Number.POSITIVE_INFINITY
    if (first === undefined) return
    const wait = Math.min(longestTimeout, Math.max(1, Math.ceil(first.due - Date.now())))
    this.#timer = setTimeout(this.#fire, wait)
  }

  readonly #fire = (): void => {
    // A timer may fire a little early by the wall clock: only the clock says what is due.
    const now = Date.now()
    const due: DelayedMessage[] = []
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      due.push(first)
      this.#removeFirst()
    }
    this.#arm()
    if (due.length > 0) this.#deliver(due)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const entry = heap.pop() as DelayedMessage
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && before(right, heap[child] as DelayedMessage)) child++
      const below = heap[child] as DelayedMessage
      if (!before(below, entry)) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}

function before(a: DelayedMessage, b: DelayedMessage): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}
