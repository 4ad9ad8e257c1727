import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileHeader, fileHeaderBytes } from '../src/disk/frame.ts'
import { LogFile } from '../src/disk/log-file.ts'
import { type FsyncLevel, LogWriter } from '../src/disk/log-writer.ts'
import { newDirectory } from './directories.ts'

/** A log on a disk that fails when it is told to. */
class FailingLog extends LogFile {
  syncs = 0
  failNextSync = false

  static async in(directory: string): Promise<FailingLog> {
    const path = join(directory, 'failing.log')
    const handle = await open(path, 'w+')
    await handle.write(fileHeader(1), 0, fileHeaderBytes, 0)
    return new FailingLog(handle, { path, salt: 1, size: fileHeaderBytes })
  }

  override async sync(): Promise<void> {
    this.syncs++
    if (!this.failNextSync) return super.sync()
    this.failNextSync = false
    throw new Error('the disk is broken')
  }
}

interface Setup {
  readonly writer: LogWriter
  readonly log: FailingLog
  readonly path: string
  /** The new log, once it was written anew. */
  readonly rewritten: Promise<LogFile>
  store(text: string): Promise<void>
}

async function setup(fsync: FsyncLevel, fsyncIntervalMs = 10): Promise<Setup> {
  const directory = newDirectory()
  const log = await FailingLog.in(directory)
  const path = join(directory, 'new.log')
  let told!: (log: LogFile) => void
  const rewritten = new Promise<LogFile>((resolve) => (told = resolve))
  const writer = new LogWriter(log, {
    fsync,
    fsyncIntervalMs,
    warn: () => undefined,
    async rewrite(old) {
      await old.close()
      const created = await LogFile.create(path, [Buffer.from('<all>')])
      told(created)
      return created
    },
  })
  const store = (text: string): Promise<void> =>
    new Promise((stored, failed) => writer.store({ stored, failed }, (to) => to.raw(Buffer.from(text))))
  return { writer, log, path, rewritten, store }
}

describe('the writer of the log', () => {
  it('shares one fsync among all that come at the same time', async () => {
    const { writer, log, store } = await setup('always')
    const order: number[] = []
    await Promise.all(Array.from({ length: 100 }, async (_, index) => store('x').then(() => order.push(index))))
    expect(log.syncs).toBe(1)
    expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index))
    await store('x')
    expect(log.syncs).toBe(2)
    await writer.close()
  })

  it('says that it does not know when an fsync fails, and trusts the file no more', async () => {
    const { writer, log, path, store } = await setup('always')
    await store('<1>')
    log.failNextSync = true
    writer.notices.raw(Buffer.from('<notice>'))
    await expect(store('<2>')).rejects.toMatchObject({ stored: 'unknown' })
    expect(writer.failure?.message).toContain('the disk is broken')
    expect(await readFile(log.path, 'latin1')).not.toContain('<2>')
    await store('<3>')
    expect(writer.failure).toBeUndefined()
    await writer.close()
    expect(await readFile(path, 'latin1')).toMatch(/<all>.*<notice><3>/s)
  })

  it('begins no new log while it is closed, after which the directory may be somebody else’s', async () => {
    const { writer, log, path, store } = await setup('interval')
    const large = store('x'.repeat(5_000_000))
    await writer.close()
    await large
    expect(existsSync(path)).toBe(false)
    expect((await readFile(log.path)).length).toBeGreaterThan(5_000_000)
  })

  it('writes anew what a failed fsync in the background may have lost, without being asked', async () => {
    const { writer, log, rewritten, store } = await setup('interval')
    log.failNextSync = true
    await store('<1>')
    await rewritten
    await writer.flush()
    expect(writer.failure).toBeUndefined()
    await writer.close()
  })
})
