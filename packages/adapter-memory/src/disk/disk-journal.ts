import { mkdir, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BackendUnavailableError, type Durability, type Message, PublishBacklog, PublishError } from '@bus/core/spi'
import type { GroupBook, Journal, Step } from '../journal.ts'
import type { Image } from './image.ts'
import { DirectoryLock } from './lock.ts'
import { LogFile, type LogWriteError } from './log-file.ts'
import { type FsyncLevel, LogWriter } from './log-writer.ts'
import { writeRecord } from './records.ts'
import { logPath, recover } from './recovery.ts'
import { payloadsOf, type Snapshot } from './snapshot.ts'

export interface DiskOptions {
  readonly directory: string
  readonly fsync: FsyncLevel
  readonly fsyncIntervalMs: number
  readonly warn: (message: string) => void
}

/** What the journal needs of memory. */
export interface Memory {
  /** Called once, before anything else. */
  restore(image: Image, journal: DiskJournal): void
  snapshot(): Omit<Snapshot, 'groups'> & { readonly groups: readonly OpenGroup[] }
}

export interface OpenGroup {
  readonly book: GroupBook
  readonly cursor: number
  readonly open: readonly { readonly sequence: number; readonly note: string | undefined }[]
}

/** Keeps memory in one log file of a directory, which it has to itself. */
export class DiskJournal implements Journal {
  readonly #options: DiskOptions
  readonly #lock: DirectoryLock
  readonly #writer: LogWriter
  readonly #memory: Memory
  readonly #backlog = new PublishBacklog()
  readonly #crews = new WeakMap<object, number>()
  readonly #cut: string | undefined
  #generation: number
  #lastGroup: number
  #lastCrew: number

  private constructor(
    options: DiskOptions,
    lock: DirectoryLock,
    memory: Memory,
    from: { image: Image; log: LogFile; generation: number; cut: string | undefined },
  ) {
    this.#options = options
    this.#lock = lock
    this.#memory = memory
    this.#generation = from.generation
    this.#cut = from.cut
    this.#lastGroup = from.image.lastGroup
    this.#lastCrew = from.image.lastCrew
    const { fsync, fsyncIntervalMs, warn } = options
    this.#writer = new LogWriter(from.log, { fsync, fsyncIntervalMs, warn, rewrite: (old) => this.#rewrite(old) })
  }

  /** Reads what is there into `memory`. @throws BackendUnavailableError that names the directory. */
  static async open(options: DiskOptions, memory: Memory): Promise<DiskJournal> {
    const directory = resolve(options.directory)
    let lock: DirectoryLock | undefined
    try {
      await mkdir(directory, { recursive: true })
      lock = await DirectoryLock.acquire(directory)
      const { image, generation, cut, ...found } = await recover(directory)
      const log = found.log ?? (await LogFile.create(logPath(directory, 1), []))
      const from = { image, log, generation: Math.max(1, generation), cut }
      const journal = new DiskJournal({ ...options, directory }, lock, memory, from)
      memory.restore(image, journal)
      if (cut !== undefined) options.warn(cut)
      return journal
    } catch (cause) {
      await lock?.release()
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new BackendUnavailableError(`Memory cannot be kept in the directory "${directory}": ${reason}`, { cause })
    }
  }

  take({ messages, storedAt, orders, loan, happen, refused }: Step): Promise<void> {
    const bytes = messages.reduce((sum, { body }) => sum + body.length, 0)
    this.#backlog.add(messages.length, bytes)
    return new Promise((done, reject) => {
      this.#writer.store(
        {
          stored: () => {
            this.#backlog.remove(messages.length, bytes)
            happen()
            done()
          },
          failed: (error) => {
            this.#backlog.remove(messages.length, bytes)
            refused()
            reject(publishError(messages, error))
          },
        },
        (to) => {
          for (const [index, message] of messages.entries()) {
            const order = orders?.[index]
            if (order === undefined) writeRecord(to, { kind: 'stored', sequence: 0, storedAt, message })
            else writeRecord(to, { kind: 'delayed', order, message })
          }
          if (loan?.book instanceof Book) {
            writeRecord(to, { kind: 'settled', group: loan.book.id, sequence: loan.sequence })
          }
        },
      )
    })
  }

  takeDue(orders: readonly number[], { storedAt, happen, refused }: Omit<Step, 'messages'>): void {
    this.#writer.store({ stored: happen, failed: refused }, (to) => writeRecord(to, { kind: 'due', storedAt, orders }))
  }

  group(topic: string, name: string, crew: object, cursor: number): GroupBook {
    const book = this.knownGroup(++this.#lastGroup, topic, name, crew)
    writeRecord(this.#writer.notices, { ...book.record, cursor, open: [] })
    this.#writer.noticed()
    return book
  }

  /** The book of a group that is in the log already. */
  knownGroup(id: number, topic: string, name: string, crew: object): Book {
    return new Book(this.#writer, { kind: 'group', group: id, crew: this.#crewOf(crew), topic, name })
  }

  knownCrew(crew: object, number: number): void {
    this.#crews.set(crew, number)
  }

  cleared(topic: string, floor: number): void {
    writeRecord(this.#writer.notices, { kind: 'cleared', topic, floor })
    this.#writer.noticed()
  }

  async flush(): Promise<void> {
    try {
      await this.#writer.flush()
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  /** Writes something, too little to matter. */
  async ping(): Promise<void> {
    await this.flush()
    const { path, failure } = this.#writer
    if (failure !== undefined) throw unavailable(failure)
    try {
      await stat(path)
    } catch (cause) {
      throw new BackendUnavailableError(`The log "${path}" was taken away while it was in use.`, { cause })
    }
  }

  durability(): Durability {
    const { directory, fsync, fsyncIntervalMs } = this.#options
    const { failure } = this.#writer
    return {
      summary:
        fsync === 'always'
          ? 'Events are on disk, also after a power cut.'
          : `Events outlive the process; a power cut may take those of the last ${fsyncIntervalMs} ms.`,
      settings: { directory, fsync, ...(fsync === 'interval' ? { fsyncIntervalMs: String(fsyncIntervalMs) } : {}) },
      warnings: [failure?.message, this.#cut].filter((warning) => warning !== undefined),
    }
  }

  async close(): Promise<void> {
    try {
      await this.#writer.close()
    } catch (cause) {
      throw unavailable(cause)
    } finally {
      await this.#lock.release()
    }
  }

  async #rewrite(old: LogFile): Promise<LogFile> {
    const { topics, groups, delayed } = this.#memory.snapshot()
    const records = groups.flatMap(({ book, cursor, open }) =>
      book instanceof Book ? [{ ...book.record, cursor, open }] : [],
    )
    const payloads = payloadsOf({ topics, groups: records, delayed: [...delayed] })
    const log = await LogFile.create(logPath(this.#options.directory, this.#generation + 1), payloads)
    this.#generation++
    // The new one is whole: nothing depends on the old one any more.
    await old.close().catch(() => undefined)
    await rm(old.path, { force: true }).catch(() => undefined)
    return log
  }

  #crewOf(crew: object): number {
    let number = this.#crews.get(crew)
    if (number === undefined) this.#crews.set(crew, (number = ++this.#lastCrew))
    return number
  }
}

class Book implements GroupBook {
  readonly record: { kind: 'group'; group: number; crew: number; topic: string; name: string }
  readonly #writer: LogWriter

  constructor(writer: LogWriter, record: Book['record']) {
    this.#writer = writer
    this.record = record
  }

  get id(): number {
    return this.record.group
  }

  settled(sequence: number): void {
    writeRecord(this.#writer.notices, { kind: 'settled', group: this.id, sequence })
    this.#writer.noticed()
  }

  noted(sequence: number, note: string | undefined): void {
    writeRecord(this.#writer.notices, { kind: 'noted', group: this.id, sequence, note })
    this.#writer.noticed()
  }

  deleted(): void {
    writeRecord(this.#writer.notices, { kind: 'deleted', group: this.id })
    this.#writer.noticed()
  }
}

function publishError(messages: readonly Message[], error: LogWriteError): PublishError {
  const failures = messages.map((_, index) => ({ index, stored: error.stored, cause: error }))
  return new PublishError(messages[0]?.topic ?? '', failures)
}

function unavailable(cause: unknown): BackendUnavailableError {
  return new BackendUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause })
}
