import type { Catalog } from './catalog.ts'

const namesPerCommand = 500

/**
 * Keeps what is used on the list of topics. In a cluster the list is on another node than most topics: a failover there
 * may take names away of topics that are still there.
 */
export class Listing {
  readonly #catalog: Catalog
  readonly #consumed: () => Iterable<string>
  /** Stored to since the last round, and before that. */
  #recent = new Set<string>()
  #earlier = new Set<string>()

  constructor(catalog: Catalog, consumed: () => Iterable<string>) {
    this.#catalog = catalog
    this.#consumed = consumed
  }

  /** Something was stored in the topic. */
  used(topic: string): void {
    this.#recent.add(topic)
  }

  /** Every now and then: topics that are no longer used are not written again. */
  async round(): Promise<void> {
    const names = new Set([...this.#consumed(), ...this.#recent])
    this.#earlier = this.#recent
    this.#recent = new Set()
    await this.#write(names)
  }

  /** The connection is a new one, perhaps to a server that does not have all of it. */
  async renew(): Promise<void> {
    await this.#write(new Set([...this.#consumed(), ...this.#recent, ...this.#earlier]))
  }

  async #write(names: ReadonlySet<string>): Promise<void> {
    const all = [...names]
    for (let at = 0; at < all.length; at += namesPerCommand) {
      // If this fails, the next round does it.
      await this.#catalog.enlist(all.slice(at, at + namesPerCommand)).catch(() => {})
    }
  }
}
