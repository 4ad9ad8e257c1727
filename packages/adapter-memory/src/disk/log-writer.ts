import { ByteWriter } from './bytes.ts'
import { type LogFile, LogWriteError } from './log-file.ts'

export type FsyncLevel = 'always' | 'interval'

export interface LogWriterOptions {
  readonly fsync: FsyncLevel
  readonly fsyncIntervalMs: number
  readonly warn: (message: string) => void
  /** Writes all that memory holds to a new log, and ends `old`. */
  rewrite(old: LogFile): Promise<LogFile>
}

/** Somebody waits for what they handed over. */
interface Waiting {
  /** It is stored: called in the order of the log. */
  stored(): void
  failed(error: LogWriteError): void
}

// What nobody waits for (acknowledgements) travels together.
const lazyMs = 5
const againMs = 1_000
/** A log is written anew when it has grown by its beginning, and at least by this. */
const smallestGrowth = 4 * 1024 * 1024

/**
 * Appends to the log: all that was handed over while the last write was on its way travels in one frame, and with
 * `always` shares one fsync. Events that could not be written are refused. Notices, which memory has carried out
 * already, are written again and again until it works.
 */
export class LogWriter {
  /** Notices to be written; call {@link noticed} after adding one. */
  notices: ByteWriter = new ByteWriter()
  readonly #options: LogWriterOptions
  #log: LogFile
  /** Its size when it was last written anew, or when that was last tried. */
  #beginning = 0
  #events = new ByteWriter()
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #lazy: NodeJS.Timeout | undefined
  #syncTimer: NodeJS.Timeout | undefined
  #isDirty = false
  /** An fsync failed: what the system says of this file cannot be trusted any more. */
  #isSuspect = false
  #failure: Error | undefined
  #closed = false

  constructor(log: LogFile, options: LogWriterOptions) {
    this.#log = log
    this.#options = options
  }

  /** Why the last write did not work. */
  get failure(): Error | undefined {
    return this.#failure
  }

  get path(): string {
    return this.#log.path
  }

  /** `write` adds records; without it, `waiting` waits for all that was handed over before. */
  store(waiting: Waiting, write?: (to: ByteWriter) => void): void {
    write?.(this.#events)
    this.#waiting.push(waiting)
    this.#run()
  }

  /** Resolves when everything handed over until now is stored. */
  flush(): Promise<void> {
    return new Promise((stored, failed) => this.store({ stored, failed }))
  }

  noticed(): void {
    if (this.#running === undefined) this.#lazy ??= setTimeout(this.#wake, lazyMs)
  }

  /** Rejects if not all could be stored; it is closed all the same. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#lazy)
    clearTimeout(this.#syncTimer)
    try {
      await this.flush()
      await this.#log.sync()
      // Says that all before it is safe.
      await this.#log.append([])
    } finally {
      await this.#running
      clearTimeout(this.#lazy)
      await this.#log.close()
    }
  }

  /** Not at the end: whoever waits for `close` must find the directory left alone. */
  get #hasGrown(): boolean {
    return !this.#closed && this.#log.size > this.#beginning + Math.max(smallestGrowth, this.#beginning)
  }

  readonly #wake = (): void => {
    this.#lazy = undefined
    this.#run()
  }

  #run(): void {
    // Begins after this tick's synchronous work: what is handed over meanwhile travels along.
    this.#running ??= Promise.resolve()
      .then(() => this.#writeAll())
      .finally(() => {
        this.#running = undefined
        if (this.#waiting.length > 0) this.#run()
        else if (this.notices.length > 0 && !this.#closed) {
          this.#lazy ??= setTimeout(this.#wake, this.#failure === undefined ? lazyMs : againMs)
        }
      })
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#lazy)
    this.#lazy = undefined
    do {
      const [waiting, events, notices] = [this.#waiting, this.#events, this.notices]
      this.#waiting = []
      this.#events = new ByteWriter()
      this.notices = new ByteWriter()
      try {
        if (this.#isSuspect) await this.#rewrite()
        await this.#append([notices.written, events.written], waiting.length > 0)
        this.#failure = undefined
      } catch (error) {
        this.#fail(error, waiting, notices)
        continue
      }
      for (const { stored } of waiting) stored()
      if (this.#hasGrown) await this.#grown()
    } while (this.#waiting.length > 0)
  }

  async #append(parts: readonly Buffer[], isAwaited: boolean): Promise<void> {
    const { size } = this.#log
    await this.#log.append(parts)
    if (!isAwaited || this.#options.fsync === 'interval') return this.#syncLater()
    try {
      await this.#log.sync()
    } catch (cause) {
      this.#isSuspect = true
      await this.#log.shorten(size)
      throw new LogWriteError('unknown', this.#log.path, cause)
    }
  }

  #fail(cause: unknown, waiting: readonly Waiting[], notices: ByteWriter): void {
    const error = cause instanceof LogWriteError ? cause : new LogWriteError('no', this.#log.path, cause)
    this.#failure = error
    // Those that came meanwhile stay behind those that failed.
    notices.raw(this.notices.written)
    this.notices = notices
    for (const { failed } of waiting) failed(error)
  }

  #syncLater(): void {
    this.#isDirty = true
    if (!this.#closed) this.#syncTimer ??= setTimeout(this.#syncNow, this.#options.fsyncIntervalMs)
  }

  readonly #syncNow = (): void => {
    this.#syncTimer = undefined
    if (!this.#isDirty) return
    this.#isDirty = false
    this.#log.sync().catch((error: unknown) => {
      this.#isSuspect = true
      this.#failure = new LogWriteError('unknown', this.#log.path, error)
      if (!this.#closed) this.#lazy ??= setTimeout(this.#wake, againMs)
    })
  }

  async #grown(): Promise<void> {
    try {
      await this.#rewrite()
    } catch (error) {
      // The log at hand is good. It is tried again when it has grown as much once more.
      this.#beginning = this.#log.size
      this.#options.warn(`The log "${this.#log.path}" could not be shortened: ${String(error)}`)
    }
  }

  async #rewrite(): Promise<void> {
    this.#log = await this.#options.rewrite(this.#log)
    this.#beginning = this.#log.size
    this.#isSuspect = false
    this.#isDirty = false
  }
}
