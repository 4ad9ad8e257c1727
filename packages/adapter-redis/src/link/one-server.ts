import type { Settings } from '../settings.ts'
import { Connection, silenceMs } from './connection.ts'
import type { Link } from './link.ts'
import type { Servers } from './servers.ts'
import { Waker } from './waker.ts'

/** One server that has all keys. */
export class OneServer implements Servers {
  readonly #link: Connection
  readonly #waker: Waker

  constructor(settings: Settings, warn: (message: string) => void) {
    this.#link = new Connection(settings, { silenceMs, warn })
    this.#waker = new Waker(new Connection(settings, { silenceMs: 2 * silenceMs }), this.#link)
  }

  get address(): string {
    return this.#link.address
  }

  get ready(): boolean {
    return this.#link.ready
  }

  connect(signal?: AbortSignal): Promise<void> {
    return this.#link.connect(signal)
  }

  at(): Link {
    return this.#link
  }

  waker(): Waker {
    return this.#waker
  }

  nodes(): readonly Link[] {
    return [this.#link]
  }

  failure(): Error {
    return this.#link.failure()
  }

  async close(): Promise<void> {
    await this.#waker.close()
    this.#link.close()
  }
}
