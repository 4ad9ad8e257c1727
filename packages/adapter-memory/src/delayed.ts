import type { Message } from '@bus/core/spi'

interface Entry {
  readonly message: Message
  readonly due: number
  /** Among equals the one that was published first is first. */
  readonly order: number
}

const longestTimeout = 2 ** 31 - 1

/** Messages that are not due yet, in a binary heap, with one timer for the first of them. */
export class DelayedMessages {
  readonly #heap: Entry[] = []
  readonly #deliver: (due: readonly Message[]) => void
  #order = 0
  #timer: NodeJS.Timeout | undefined
  #timerDue = Number.POSITIVE_INFINITY

  constructor(deliver: (due: readonly Message[]) => void) {
    this.#deliver = deliver
  }

  add(message: Message, due: number): void {
    const heap = this.#heap
    const entry: Entry = { message, due, order: this.#order++ }
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Entry
      if (!before(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
    if (due < this.#timerDue) this.#arm()
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#heap.length = 0
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const first = this.#heap[0]
    this.#timerDue = first?.due ?? Number.POSITIVE_INFINITY
    if (first === undefined) return
    const wait = Math.min(longestTimeout, Math.max(1, Math.ceil(first.due - Date.now())))
    this.#timer = setTimeout(this.#fire, wait)
  }

  readonly #fire = (): void => {
    // A timer may fire a little early by the wall clock: only the clock says what is due.
    const now = Date.now()
    const due: Message[] = []
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      due.push(first.message)
      this.#removeFirst()
    }
    this.#arm()
    if (due.length > 0) this.#deliver(due)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const entry = heap.pop() as Entry
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && before(right, heap[child] as Entry)) child++
      const below = heap[child] as Entry
      if (!before(below, entry)) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}
