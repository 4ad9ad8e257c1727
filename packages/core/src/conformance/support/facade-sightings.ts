import { AssertionError } from 'node:assert'

/** What was seen so far, and a way to wait for more. */
export class Sightings<Item> {
  readonly #what: string
  readonly #patienceMs: number
  readonly #items: Item[] = []
  readonly #waiting = new Set<() => void>()

  constructor(what: string, patienceMs: number) {
    this.#what = what
    this.#patienceMs = patienceMs
  }

  get items(): readonly Item[] {
    return this.#items
  }

  get count(): number {
    return this.#items.length
  }

  add(item: Item): void {
    this.#items.push(item)
    for (const check of this.#waiting) check()
  }

  /** Resolves with all that was seen, as soon as it is `count`. */
  async reached(count: number): Promise<readonly Item[]> {
    await this.until(`${count} times`, (items) => items.length >= count)
    return this.#items
  }

  /** Resolves with the first one that fits. */
  async first(which: string, fits: (item: Item) => boolean): Promise<Item> {
    await this.until(which, (items) => items.some(fits))
    return this.#items.find(fits) as Item
  }

  /** Resolves as soon as `check` is true of all that was seen. */
  until(how: string, check: (items: readonly Item[]) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(recheck)
        settle()
      }
      const recheck = (): void => {
        if (check(this.#items)) end(resolve)
      }
      const timer = setTimeout(() => end(() => reject(this.#late(how))), this.#patienceMs)
      this.#waiting.add(recheck)
      recheck()
    })
  }

  #late(how: string): AssertionError {
    return new AssertionError({
      message: `${this.#what} was not seen (${how}) within ${this.#patienceMs} ms, only ${this.#items.length} in all.`,
    })
  }
}
