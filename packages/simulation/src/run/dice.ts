/** Chance that a seed decides. Streams of one seed are independent: taking from one does not move another. */
export class Dice {
  #state: number

  constructor(seed: number, ...stream: readonly number[]) {
    let state = mix(seed ^ 0x9e3779b9)
    for (const part of stream) state = mix(state + Math.imul(part + 1, 0x85ebca6b))
    this.#state = state
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  float(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return (mix(this.#state) >>> 0) / 4_294_967_296
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return probability > 0 && this.float() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.float() * items.length)] as Item
  }

  shuffled<Item>(items: Iterable<Item>): Item[] {
    const out = [...items]
    for (let last = out.length - 1; last > 0; last--) {
      const other = this.between(0, last)
      const item = out[last] as Item
      out[last] = out[other] as Item
      out[other] = item
    }
    return out
  }
}

/** Murmur3's finalizer: every bit of the input reaches every bit of the result. */
function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
