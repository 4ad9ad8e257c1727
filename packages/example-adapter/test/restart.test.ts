import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BackendUnavailableError, type Delivery, type EventBusAdapter } from '@bus/core/spi'
import { adapter } from '@bus/example-adapter'
import { afterEach, beforeEach, expect, it } from 'vitest'

// The suite's own case needs a backend that several adapters share.
let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bus-example-'))
  file = join(directory, 'events.sqlite')
})
afterEach(() => rmSync(directory, { recursive: true }))

async function open(): Promise<EventBusAdapter> {
  const opened = adapter.create(adapter.optionsFromEnv({ SQLITE_FILE: file }))
  await opened.initialize()
  return opened
}

async function pull(from: EventBusAdapter): Promise<readonly Delivery[]> {
  const consumer = await from.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
  return consumer.pull(10, AbortSignal.timeout(5_000))
}

it('keeps events and positions over a restart, and lends again what was not settled', async () => {
  const first = await open()
  await first.consume({ topics: [{ topic: 't', startFrom: 'latest' }], group: 'g' })
  await first.publish(['1', '2', '3'].map((body) => ({ topic: 't', headers: {}, body })))
  const [acknowledged, released] = await pull(first)
  await acknowledged?.ack()
  await released?.release('a note')
  await first.close()

  const second = await open()
  const again = await pull(second)
  expect(again.map(({ message, note }) => [Buffer.from(message.body).toString(), note])).toEqual([
    ['2', 'a note'],
    ['3', undefined],
  ])
  await second.close()
})

it('leaves a file alone that somebody else has open, and says which', async () => {
  const owner = await open()
  await expect(open()).rejects.toThrow(BackendUnavailableError)
  await expect(open()).rejects.toThrow(file)
  await owner.close()
})

it('is read in one sitting', () => {
  const lines = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.length).toBeLessThanOrEqual(150)
})
