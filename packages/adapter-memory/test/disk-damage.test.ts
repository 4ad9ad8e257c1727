import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { BackendUnavailableError } from '@bus/core/spi'
import { beforeAll, describe, expect, it } from 'vitest'
import { logIn, newDirectory, openIn } from './directories.ts'
import { message, take, text } from './messages.ts'

const count = 6
/** A log as a process leaves it that is killed, and where each of its events ends. */
let log: Buffer
let name: string
const ends: number[] = []

async function logWith(bytes: Buffer): Promise<string> {
  const directory = newDirectory()
  await writeFile(join(directory, name), bytes)
  return directory
}

async function historyIn(directory: string): Promise<{ bodies: string[]; lag: number; warnings: readonly string[] }> {
  const told: string[] = []
  const adapter = await openIn(directory, { warn: (warning) => told.push(warning) })
  const bodies: string[] = []
  for await (const stored of adapter.read({ topic: 't' })) bodies.push(text(stored))
  const { warnings } = await adapter.durability()
  expect(told).toEqual(warnings)
  const state = await adapter.inspect('t', 'g')
  await adapter.close()
  return { bodies, lag: state?.lag ?? -1, warnings }
}

const upTo = (last: number): string[] => Array.from({ length: last }, (_, index) => `event ${index + 1}`)

describe('a damaged log', () => {
  beforeAll(async () => {
    const directory = newDirectory()
    const adapter = await openIn(directory, { fsync: 'always' })
    const consumer = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    const path = logIn(directory)
    name = basename(path)
    for (const body of upTo(count)) {
      await adapter.publish([message('t', body, { key: 'k', headers: { a: 'b' } })])
      ends.push((await readFile(path)).length)
    }
    const [first] = await take(consumer, 1)
    await first?.ack()
    await adapter.ping()
    log = await readFile(path)
    await adapter.close()
  })

  it('loses nothing before a torn end, wherever it is torn, says so once, and goes on', async () => {
    const whole = await historyIn(await logWith(log))
    expect(whole).toEqual({ bodies: upTo(count), lag: count - 1, warnings: [] })
    for (let size = ends[2] as number; size < log.length; size++) {
      const directory = await logWith(log.subarray(0, size))
      const kept = ends.filter((end) => end <= size).length
      const torn = await historyIn(directory)
      expect(torn.bodies, `cut at ${size}`).toEqual(upTo(kept))
      expect(torn.lag, `cut at ${size}`).toBe(kept)
      const adapter = await openIn(directory)
      expect((await adapter.durability()).warnings, 'Told once.').toEqual([])
      await adapter.publish([message('t', 'after')])
      await adapter.close()
      expect((await historyIn(directory)).bodies, `cut at ${size}`).toEqual([...upTo(kept), 'after'])
    }
  })

  it('tells file, offset and length of what it cuts off', async () => {
    const directory = await logWith(log.subarray(0, (ends[3] as number) + 7))
    const { warnings } = await historyIn(directory)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(join(directory, name))
    expect(warnings[0]).toContain(`offset ${ends[3]}`)
    expect(warnings[0]).toContain('7 bytes')
  })

  it('cuts off a last record of which any byte is wrong, and what was written without a mark', async () => {
    const last = ends.at(-1) as number
    for (let offset = ends.at(-2) as number; offset < last; offset++) {
      const bytes = Buffer.from(log.subarray(0, last))
      bytes[offset] = (bytes[offset] as number) ^ 0x10
      const { bodies, warnings } = await historyIn(await logWith(bytes))
      expect(bodies, `wrong at ${offset}`).toEqual(upTo(count - 1))
      expect(warnings).toHaveLength(1)
    }
    const zeros = await historyIn(await logWith(Buffer.concat([log, Buffer.alloc(5_000)])))
    expect(zeros).toMatchObject({ bodies: upTo(count), lag: count - 1 })
  })

  it('refuses to go on from a place that had been safe, naming file and offset, and changes nothing', async () => {
    const [start, end] = [ends[1] as number, ends[2] as number]
    for (let offset = start; offset < end; offset++) {
      const bytes = Buffer.from(log)
      bytes[offset] = (bytes[offset] as number) ^ 0x01
      const directory = await logWith(bytes)
      const opening = openIn(directory)
      await expect(opening, `wrong at ${offset}`).rejects.toThrow(BackendUnavailableError)
      await expect(opening).rejects.toThrow(`"${join(directory, name)}" is damaged at offset ${start}`)
      expect(await readFile(join(directory, name))).toEqual(bytes)
    }
    for (const offset of [0, 9, 13]) {
      const bytes = Buffer.from(log)
      bytes[offset] = (bytes[offset] as number) ^ 0x01
      await expect(openIn(await logWith(bytes))).rejects.toThrow('damaged at offset 0')
    }
  })

  it('can be tried again once it is repaired', async () => {
    const bytes = Buffer.from(log)
    bytes[ends[1] as number] = 0
    const directory = await logWith(bytes)
    const adapter = new InMemoryAdapter({ persistToDisk: true, directory })
    await expect(adapter.initialize()).rejects.toThrow(BackendUnavailableError)
    await writeFile(join(directory, name), log)
    await adapter.initialize()
    expect((await adapter.inspect('t', 'g'))?.lag).toBe(count - 1)
    await adapter.close()
  })

  it('is not misled by a log that somebody published', async () => {
    const directory = newDirectory()
    const adapter = await openIn(directory, { fsync: 'always' })
    await adapter.publish([message('t', 'event 1')])
    await adapter.publish([{ topic: 't', headers: {}, body: new Uint8Array(log) }])
    await adapter.publish([message('t', 'padding')])
    const path = logIn(directory)
    const bytes = (await readFile(path)).subarray(0, -10)
    const { bodies, warnings } = await historyIn(await logWith(bytes.subarray(0, bytes.indexOf(log) + log.length - 1)))
    expect(bodies).toEqual(['event 1'])
    expect(warnings).toHaveLength(1)
  })

  it('reads the newest of two logs, and removes what a crash left', async () => {
    const directory = await logWith(log)
    await copyFile(join(directory, name), join(directory, 'events-0000000007.log'))
    await writeFile(join(directory, name), 'old')
    await writeFile(join(directory, 'events-0000000008.log.new'), 'not finished')
    await mkdir(join(directory, 'something else'))
    await appendFile(join(directory, 'notes.txt'), 'mine')
    expect((await historyIn(directory)).bodies).toEqual(upTo(count))
    expect(logIn(directory)).toContain('events-0000000007.log')
  })
})
