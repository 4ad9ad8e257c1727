/**
 * What has to be done every now and then, all of it at once: a process that does nothing wakes up seldom, and not once for
 * each subscription.
 */
export class Rounds {
  readonly #everyMs: number
  readonly #members = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(everyMs: number) {
    // Processes that were started together do not stay together.
    this.#everyMs = everyMs * (0.9 + Math.random() / 10)
  }

  /** The result ends it. */
  join(work: () => void): () => void {
    this.#members.add(work)
    this.#timer ??= setInterval(() => {
      for (const member of this.#members) member()
    }, this.#everyMs)
    return () => {
      this.#members.delete(work)
      if (this.#members.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }
}
