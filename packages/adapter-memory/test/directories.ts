import { mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InMemoryAdapter, type InMemoryAdapterOptions } from '@bus/adapter-memory'
import { afterAll, afterEach } from 'vitest'

const made: string[] = []
const opened: InMemoryAdapter[] = []

/** A new directory, removed when the file's tests are over. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bus-memory-'))
  made.push(directory)
  return directory
}

/** An adapter that keeps its memory there, initialised; closed when the test is over. */
export async function openIn(directory: string, options: InMemoryAdapterOptions = {}): Promise<InMemoryAdapter> {
  const adapter = new InMemoryAdapter({ persistToDisk: true, directory, ...options })
  opened.push(adapter)
  await adapter.initialize()
  return adapter
}

/** The path of the log in a directory. */
export function logIn(directory: string): string {
  const [name, ...others] = readdirSync(directory).filter((file) => file.endsWith('.log'))
  if (name === undefined || others.length > 0) throw new Error(`There should be one log in ${directory}.`)
  return join(directory, name)
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((adapter) => adapter.close()))
})

afterAll(async () => {
  await Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true })))
})
