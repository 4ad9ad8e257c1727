import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ByteReader } from './bytes.ts'
import { fileHeaderBytes } from './frame.ts'
import { Image } from './image.ts'
import { LogFile } from './log-file.ts'
import { LogReader } from './log-reader.ts'
import { readRecord } from './records.ts'

export interface Recovered {
  readonly image: Image
  /** Ready to be appended to; `undefined`: there was none. */
  readonly log: LogFile | undefined
  readonly generation: number
  /** What had to be cut off, for people. */
  readonly cut: string | undefined
}

export function logPath(directory: string, generation: number): string {
  return join(directory, `events-${String(generation).padStart(10, '0')}.log`)
}

/** Reads the newest log; older ones and unfinished ones are left from a crash while it was written anew. */
export async function recover(directory: string): Promise<Recovered> {
  const image = new Image()
  const names = await readdir(directory)
  const generations = names.flatMap((name) => {
    const number = /^events-(\d{10})\.log$/.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
  const generation = Math.max(0, ...generations)
  for (const name of names) if (/^events-\d{10}\.log\.new$/.test(name)) await rm(join(directory, name))
  if (generation === 0) return { image, log: undefined, generation, cut: undefined }
  const path = logPath(directory, generation)
  const reader = await LogReader.open(path)
  let end: number
  let cut: string | undefined
  try {
    const read = await replay(reader, image)
    end = read.end
    if (read.problem !== undefined) {
      const damaged = `The log "${path}" is damaged at offset ${end}: ${read.problem}.`
      if (await reader.wasSynced(end)) {
        throw new Error(
          `${damaged} What follows had been stored safely, so this is no torn end. Restore the file, or cut it there.`,
        )
      }
      cut = `${damaged} The last ${reader.size - end} bytes were not stored completely and are cut off.`
    }
  } finally {
    await reader.close()
  }
  const handle = await open(path, 'r+')
  try {
    if (cut !== undefined) await handle.truncate(end)
    await handle.datasync()
  } catch (error) {
    await handle.close()
    throw error
  }
  for (const older of generations) if (older < generation) await rm(logPath(directory, older), { force: true })
  return { image, log: new LogFile(handle, { path, salt: reader.salt, size: end }), generation, cut }
}

/** Until the end, or until something is wrong: `end` is where that begins. */
async function replay(reader: LogReader, image: Image): Promise<{ end: number; problem?: string }> {
  let offset = fileHeaderBytes
  while (offset < reader.size) {
    const frame = await reader.frameAt(offset)
    if (typeof frame === 'string') return { end: offset, problem: frame }
    const records = new ByteReader(frame.payload)
    try {
      while (!records.isAtEnd) image.apply(readRecord(records))
    } catch (cause) {
      // The checksum is right: it was written so.
      throw new Error(`The log "${reader.path}" cannot be read at offset ${offset}: ${String(cause)}`, { cause })
    }
    offset = frame.end
  }
  return { end: offset }
}
