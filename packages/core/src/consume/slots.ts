/** How many handlers may be at work at once, shared by all topics of one subscription. */
export class Slots {
  #free: number
  #waiting: (() => void)[] = []

  constructor(concurrency: number) {
    this.#free = concurrency
  }

  take(): boolean {
    if (this.#free === 0) return false
    this.#free--
    return true
  }

  give(): void {
    this.#free++
    // Whoever is told may need it no more: then the next one is.
    while (this.#free > 0 && this.#waiting.length > 0) this.#waiting.shift()?.()
  }

  /** Calls back once, when a slot is free. */
  onFree(callback: () => void): void {
    this.#waiting.push(callback)
  }
}
