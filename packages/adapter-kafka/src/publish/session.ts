import type { Link, ProducerIdentity } from '../driver/driver.ts'

/**
 * One life of an idempotent producer: the broker tells repeated batches by it and their numbers. It ends as soon as it
 * is unknown whether a batch was stored, because the next one would take over its numbers and be dropped as a repetition.
 */
export interface Session {
  readonly identity: ProducerIdentity
}

export class Sessions {
  readonly #enabled: boolean
  #current: Session | undefined

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  get idempotent(): boolean {
    return this.#enabled
  }

  /** `undefined` if the broker is not to recognise anything. */
  async current(link: Link): Promise<Session | undefined> {
    if (!this.#enabled) return undefined
    return (this.#current ??= { identity: await link.newIdentity() })
  }

  get ready(): boolean {
    return !this.#enabled || this.#current !== undefined
  }

  peek(): Session | undefined {
    return this.#current
  }

  end(session: Session | undefined): void {
    if (session === this.#current) this.#current = undefined
  }
}
