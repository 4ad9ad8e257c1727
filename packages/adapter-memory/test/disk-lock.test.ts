import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { BackendUnavailableError } from '@bus/core/spi'
import { describe, expect, it } from 'vitest'
import { newDirectory, openIn } from './directories.ts'
import { message } from './messages.ts'
import { Program } from './programs.ts'

const holder = (directory: string): string => `
  import { InMemoryAdapter } from '@bus/adapter-memory'
  const adapter = new InMemoryAdapter({ persistToDisk: true, directory: ${JSON.stringify(directory)} })
  await adapter.initialize()
  await adapter.publish([{ topic: 't', headers: {}, body: 'x' }])
  console.log('holds')
  setInterval(() => {}, 1_000)`

describe('a directory with a log', () => {
  it('belongs to one adapter at a time, also within a process', async () => {
    const directory = newDirectory()
    const first = await openIn(directory)
    const second = new InMemoryAdapter({ persistToDisk: true, directory })
    await expect(second.initialize()).rejects.toThrow(`process ${process.pid} uses it (this one)`)
    await first.close()
    await second.initialize()
    await second.close()
  })

  it('belongs to one process at a time, and after its death to the next one', async () => {
    const directory = newDirectory()
    const other = new Program(holder(directory))
    await other.wrote(1)
    const adapter = new InMemoryAdapter({ persistToDisk: true, directory })
    const opening = adapter.initialize()
    await expect(opening).rejects.toThrow(BackendUnavailableError)
    await expect(opening).rejects.toThrow(`process ${other.process.pid} uses it`)
    await other.kill()
    await adapter.initialize()
    expect(await adapter.listTopics()).toEqual(['t'])
    await adapter.close()
  })

  it('is taken over by one of many that find its holder dead', async () => {
    const directory = newDirectory()
    const other = new Program(holder(directory))
    await other.wrote(1)
    await other.kill()
    const adapters = Array.from({ length: 8 }, () => new InMemoryAdapter({ persistToDisk: true, directory }))
    const outcomes = await Promise.allSettled(adapters.map((adapter) => adapter.initialize()))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(adapters.map((adapter) => adapter.close()))
  })

  it('is not kept by a number that another process has now, nor by an older process of our number', async () => {
    const directory = newDirectory()
    const lock = join(directory, 'lock')
    const left = { host: hostname(), started: '1', token: 'of a process before' }
    for (const pid of [process.ppid, process.pid]) {
      await writeFile(lock, JSON.stringify({ ...left, pid }))
      const adapter = await openIn(directory)
      expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid })
      await adapter.close()
    }
  })

  it('is not taken from another host, of which nobody here can tell', async () => {
    const directory = newDirectory()
    await writeFile(join(directory, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', token: 'x' }))
    const opening = openIn(directory)
    await expect(opening).rejects.toThrow('process 1 on host "elsewhere"')
    await expect(opening).rejects.toThrow(`delete "${join(directory, 'lock')}"`)
  })

  it('is needed before anything else', async () => {
    const directory = newDirectory()
    const adapter = new InMemoryAdapter({ persistToDisk: true, directory })
    await expect(adapter.publish([message('t', 'x')])).rejects.toThrow('initialize() first')
    await expect(adapter.ping()).rejects.toThrow(BackendUnavailableError)
    expect(adapter.getHistory('t')).toEqual([])
    await adapter.close()
    await expect(adapter.initialize()).rejects.toMatchObject({ code: 'BUS_CLOSED' })
  })
})
