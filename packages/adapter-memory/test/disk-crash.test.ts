import { EventBus } from '@bus/core'
import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newDirectory, openIn } from './directories.ts'
import { text } from './messages.ts'
import { Program } from './programs.ts'

const subscription = { consumerGroup: 'g', startFrom: 'earliest', concurrency: 4, useDLQ: true, maxRetries: 1 } as const

/** Publishes and handles as fast as it can, and says what is promised to be safe as soon as it is. */
const worker = (directory: string, round: number): string => `
  import { writeSync } from 'node:fs'
  import { EventBus } from '@bus/core'
  import { InMemoryAdapter } from '@bus/adapter-memory'
  const adapter = new InMemoryAdapter({ persistToDisk: true, directory: ${JSON.stringify(directory)}, fsync: 'always', maxHistorySize: 0 })
  const bus = new EventBus(adapter, 'worker', { logger: { debug() {}, info() {}, warn() {}, error() {} } })
  await bus.subscribe('work', async ({ payload }) => {
    if (payload.number % 10 === 9) throw new Error('no')
    writeSync(1, 'handled ' + payload.id + '\\n')
  }, { ...${JSON.stringify(subscription)}, retry: { initialDelayMs: 1 } })
  let number = 0
  const publishing = async () => {
    for (;;) {
      const id = '${round}-' + number
      await bus.publish('work', 'done', { id, number: number++ }, { key: 'k' + (number % 3) })
      writeSync(1, 'published ' + id + '\\n')
    }
  }
  await Promise.all([publishing(), publishing(), publishing()])`

const idsOf = (lines: readonly string[], word: string): string[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

describe('a process that is killed in the middle of its work', () => {
  it('loses nothing that publish() had resolved for, and every event is handled or dead-lettered', async () => {
    const directory = newDirectory()
    const published: string[] = []
    const handled = new Set<string>()
    for (let round = 1; round <= 5; round++) {
      const program = new Program(worker(directory, round))
      await program.wrote(100 + randomInt(300))
      await program.kill()
      published.push(...idsOf(program.lines, 'published'))
      for (const id of idsOf(program.lines, 'handled')) handled.add(id)
    }
    const adapter = await openIn(directory, { fsync: 'always', maxHistorySize: 0 })
    const bus = new EventBus(adapter, 'heir')
    await bus.subscribe('work', ({ payload }) => void handled.add(payload.id), subscription)
    await bus.settled()
    for await (const stored of adapter.read({ topic: 'work.g.dlq' })) {
      handled.add((JSON.parse(text(stored)) as { data: { id: string } }).data.id)
    }
    expect(published.length).toBeGreaterThan(100)
    expect(published.filter((id) => !handled.has(id))).toEqual([])
    expect(await adapter.inspect('work', 'g')).toMatchObject({ lag: 0, pending: 0 })
    await bus.close()
  })
})
