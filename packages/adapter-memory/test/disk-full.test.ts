import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { logIn, newDirectory, openIn } from './directories.ts'
import { message } from './messages.ts'
import { Program } from './programs.ts'

describe('a disk that takes no more', () => {
  it('makes publish() reject, and health say so', async () => {
    const directory = newDirectory()
    // The limit of the process stands for that of the disk: the system refuses what goes beyond it.
    const program = new Program(
      `
      import { EventBus } from '@bus/core'
      import { InMemoryAdapter } from '@bus/adapter-memory'
      const adapter = new InMemoryAdapter({ persistToDisk: true, directory: ${JSON.stringify(directory)} })
      const bus = new EventBus(adapter, 'test')
      const attempt = (action) => action.then(() => ({}), ({ code, stored }) => ({ code, stored }))
      await bus.publish('t', 'e', 'first')
      const large = await attempt(bus.publish('t', 'e', 'x'.repeat(100_000)))
      const { warnings } = await adapter.durability()
      // There is room for a small one.
      await bus.publish('t', 'e', 'second')
      const healthy = await bus.isHealthy()
      for (let size = 50_000; size >= 1; ) {
        const { code } = await attempt(adapter.publish([{ topic: 'filler', headers: {}, body: 'x'.repeat(size) }]))
        if (code !== undefined) size = Math.floor(size / 2)
      }
      for (let full = false; !full; ) full = !(await bus.isHealthy())
      const small = await attempt(bus.publish('t', 'e', 'third'))
      const { live, adapter: { reason } } = await bus.getHealth()
      console.log(JSON.stringify({ large, warnings: warnings.length, healthy, small, live, reason }))
      await bus.close()
      const { code: closing } = await attempt(adapter.close())
      console.log(closing)`,
      'ulimit -f 100; ',
    )
    await program.ended()
    const refused = { code: 'BUS_PUBLISH_FAILED', stored: 'no' }
    const { reason, ...said } = JSON.parse(program.lines[0] ?? '') as { reason: string }
    expect(said).toEqual({ large: refused, warnings: 1, healthy: true, small: refused, live: false })
    expect(reason).toContain(`The log "${logIn(directory)}" cannot be written`)
    expect(program.lines[1]).toBe('BUS_BACKEND_UNAVAILABLE')
    const adapter = await openIn(directory)
    expect(adapter.getHistory('t').map(({ payload }) => payload as unknown)).toEqual(['first', 'second'])
  })

  it('is told from a log that was taken away', async () => {
    const directory = newDirectory()
    const adapter = await openIn(directory)
    await adapter.ping()
    await rm(directory, { recursive: true })
    await expect(adapter.ping()).rejects.toThrow('was taken away')
    await mkdir(directory)
  })

  it('is refused at once where nothing can be written', async () => {
    const file = join(newDirectory(), 'a file')
    await writeFile(file, '')
    await expect(openIn(join(file, 'below'))).rejects.toThrow(
      `Memory cannot be kept in the directory "${join(file, 'below')}"`,
    )
    await expect(openIn(file)).rejects.toMatchObject({ code: 'BUS_BACKEND_UNAVAILABLE' })
  })

  it('lets the log be written on when it cannot be shortened', async () => {
    const directory = newDirectory()
    const told: string[] = []
    const adapter = await openIn(directory, { warn: (warning) => told.push(warning) })
    // In the way of the new one.
    await mkdir(join(directory, 'events-0000000002.log.new'))
    for (let number = 0; number < 12; number++) await adapter.publish([message('t', 'x'.repeat(500_000))])
    await adapter.ping()
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('could not be shortened')
  })
})
