import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileHeader, fileHeaderBytes, frameOf, newSalt } from './frame.ts'

/** A write that failed; whether anything of it may have stayed. */
export class LogWriteError extends Error {
  readonly stored: 'no' | 'unknown'

  constructor(stored: 'no' | 'unknown', path: string, cause: unknown) {
    super(`The log "${path}" cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.stored = stored
  }
}

/** A log that is open for appending. */
export class LogFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #salt: number
  #size: number
  #synced: number
  /** Something of a failed write may lie behind the end. */
  #torn = false

  constructor(handle: FileHandle, { path, salt, size }: { path: string; salt: number; size: number }) {
    this.path = path
    this.#handle = handle
    this.#salt = salt
    this.#size = size
    this.#synced = size
  }

  /**
   * A new log that begins with `frames`. It appears under its name when it is whole and safe, so that there is no log
   * without a beginning.
   */
  static async create(path: string, frames: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<LogFile> {
    const unfinished = `${path}.new`
    const salt = newSalt()
    const handle = await open(unfinished, 'w')
    try {
      await writeAll(handle, fileHeader(salt), 0)
      const log = new LogFile(handle, { path, salt, size: fileHeaderBytes })
      for await (const payload of frames) await log.append([payload])
      await log.sync()
      await rename(unfinished, path)
      await syncDirectory(dirname(path))
      return log
    } catch (error) {
      await handle.close()
      await rm(unfinished, { force: true })
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** All of it, or nothing stays. @throws LogWriteError */
  async append(parts: readonly Buffer[]): Promise<void> {
    const offset = this.#size
    if (this.#torn) {
      try {
        await this.#cut()
      } catch (cause) {
        throw new LogWriteError('no', this.path, cause)
      }
    }
    const frame = frameOf(parts, { salt: this.#salt, offset, synced: this.#synced })
    try {
      await writeAll(this.#handle, frame, offset)
    } catch (cause) {
      throw new LogWriteError(await this.#takeBack('no'), this.path, cause)
    }
    this.#size += frame.length
  }

  async sync(): Promise<void> {
    const size = this.#size
    await this.#handle.datasync()
    this.#synced = size
  }

  /** Takes back everything from `size` on, which could not be made safe. */
  async shorten(size: number): Promise<void> {
    this.#size = size
    await this.#takeBack('unknown')
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #takeBack(stored: 'no' | 'unknown'): Promise<'no' | 'unknown'> {
    try {
      await this.#cut()
      return stored
    } catch {
      this.#torn = true
      return 'unknown'
    }
  }

  async #cut(): Promise<void> {
    await this.#handle.truncate(this.#size)
    this.#torn = false
  }
}

/** Makes names in the directory safe; not every system lets one. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  if (directory === undefined) return
  await directory.sync().catch(() => undefined)
  await directory.close()
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}
