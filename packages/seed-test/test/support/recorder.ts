/** Stands for what an example leaves open: keeps what it is called with, and lets a test wait for it. */
export class Recorder<Argument> {
  readonly calls: Argument[] = []
  readonly #waiting = new Set<() => void>()
  readonly #then: (argument: Argument) => void

  constructor(then: (argument: Argument) => void = () => {}) {
    this.#then = then
  }

  readonly call = async (argument: Argument): Promise<void> => {
    this.calls.push(argument)
    for (const check of this.#waiting) check()
    this.#then(argument)
  }

  reached(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.calls.length < count) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}
