const quietMs = 5_000

/**
 * Says when a connection is lost and when it is back: at once, but a connection that comes and goes is told of once in a
 * while, with the number of times.
 */
export class Outages {
  readonly #address: string
  readonly #warn: (message: string) => void
  #lostAt: number | undefined
  #reason = ''
  #told = false
  #toldAt = -quietMs
  #untold = 0
  #timer: NodeJS.Timeout | undefined

  constructor(address: string, warn: (message: string) => void) {
    this.#address = address
    this.#warn = warn
  }

  lost(reason: string): void {
    if (this.#lostAt !== undefined) return
    const now = performance.now()
    this.#lostAt = now
    this.#reason = reason
    this.#told = false
    const waitMs = this.#toldAt + quietMs - now
    if (waitMs <= 0) this.#tell()
    else this.#timer = setTimeout(() => this.#tell(), waitMs).unref()
  }

  back(): void {
    if (this.#lostAt === undefined) return
    const seconds = ((performance.now() - this.#lostAt) / 1_000).toFixed(1)
    if (this.#told) this.#warn(`The connection to Redis at ${this.#address} is back after ${seconds} s.`)
    else this.#untold++
    this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#lostAt = undefined
  }

  #tell(): void {
    const before = this.#untold === 0 ? '' : ` It had come and gone ${this.#untold} more times since the last report.`
    this.#warn(`The connection to Redis at ${this.#address} is lost: ${this.#reason}. Connecting again.${before}`)
    this.#told = true
    this.#toldAt = performance.now()
    this.#untold = 0
  }
}
