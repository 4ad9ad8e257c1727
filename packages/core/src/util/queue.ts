/** First in, first out, without moving what waits when the first one leaves. */
export class Queue<Item> {
  #items: (Item | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes out, in order, all for which `leaves` holds. */
  extract(leaves: (item: Item) => boolean): Item[] {
    const out: Item[] = []
    const rest: Item[] = []
    for (const item of this.#items.slice(this.#head) as Item[]) (leaves(item) ? out : rest).push(item)
    this.#items = rest
    this.#head = 0
    return out
  }
}
