import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { newDirectory } from './directories.ts'
import { Program } from './programs.ts'

/** An application that says what it does, one word a line. */
function application(body: string, options = '{}', adapterOptions = '{}'): Program {
  return new Program(`
    import { writeSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { EventBus, handleSignals } from '@bus/core'
    import { InMemoryAdapter } from '@bus/adapter-memory'
    const say = (line) => writeSync(1, line + '\\n')
    const logger = { debug() {}, info: (text) => say(text), warn() {}, error: (text, { holding, error } = {}) => say(text + ': ' + (holding ?? error)) }
    const adapter = new InMemoryAdapter(${adapterOptions})
    const bus = new EventBus(adapter, 'application', { logger })
    const undo = handleSignals(bus, { after: () => adapter.close(), logger, ...${options} })
    ${body}
    say('ready')`)
}

const words = (program: Program, word: string): string[] =>
  program.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))

const endless = `
    await bus.subscribe('work', () => new Promise(() => setInterval(() => {}, 1_000)), { consumerGroup: 'g' })
    await bus.publish('work', 'tested', 1)`

/** Something that keeps a process alive, such as a server, and what ends it. */
const busy = 'const server = setInterval(() => {}, 1_000)'
const idle = 'after: () => clearInterval(server)'

/** The same signal until it has ended: the first ones may count as the one before. */
async function insist(program: Program, signal: NodeJS.Signals): Promise<unknown> {
  let ended = false
  const outcome = program.outcome().finally(() => (ended = true))
  while (!ended) {
    program.process.kill(signal)
    await Promise.race([outcome, sleep(50)])
  }
  return outcome
}

describe('a process that handles signals', () => {
  it('ends by itself in the middle of its work, and goes on after a restart: nothing twice, no attempt used', async () => {
    const directory = newDirectory()
    const disk = JSON.stringify({ persistToDisk: true, directory })
    const options = `{ consumerGroup: 'g', concurrency: 100, useDLQ: true, startFrom: 'earliest' }`
    const handle = `async ({ payload }, { attempt }) => {
      say('start ' + payload + ' ' + attempt)
      await sleep(300)
      say('end ' + payload)
    }`
    const first = application(
      `await bus.subscribe('work', ${handle}, ${options})
      const entries = Array.from({ length: 250 }, (_, index) => ({ type: 'tested', payload: index, key: index % 3 === 0 ? undefined : 'k' + index % 149 }))
      await bus.publishBatch('work', entries)`,
      '{}',
      disk,
    )
    await first.wrote(100)
    first.process.kill('SIGTERM')
    await first.ended()
    const started = words(first, 'start').length
    expect(started).toBeGreaterThanOrEqual(100)
    expect(words(first, 'end')).toHaveLength(started)

    const second = application(
      `await bus.subscribe('work', ${handle}, ${options})
      await bus.settled()
      say('dead ' + await bus.deadLetters.count({ topic: 'work' }))`,
      '{}',
      disk,
    )
    await second.wrote(2 * (250 - started) + 2)
    second.process.kill('SIGINT')
    await second.ended()
    expect(words(second, 'dead')).toEqual(['0'])
    const starts = [...words(first, 'start'), ...words(second, 'start')]
    const expected = Array.from({ length: 250 }, (_, index) => `${index} 1`)
    expect(starts.toSorted()).toEqual(expected.toSorted())
  })

  it('does first what comes before, and last what comes after', async () => {
    const program = application(
      `await bus.subscribe('work', async () => {
        say('at work')
        await sleep(100)
        say('done')
      }, { consumerGroup: 'g' })
      await bus.publish('work', 'tested', 1)`,
      `{ before: () => bus.publish('work', 'tested', 2).then(() => say('before')), after: () => adapter.close().then(() => say('after')) }`,
    )
    await program.wrote(2)
    program.process.kill('SIGTERM')
    await program.ended()
    expect(program.lines).toEqual(['at work', 'ready', 'SIGTERM: closing', 'before', 'done', 'after', 'closed'])
  })

  it('takes a signal that comes twice at once for one, as package managers send it', async () => {
    const program = application(`
      await bus.subscribe('work', () => sleep(300).then(() => say('done')), { consumerGroup: 'g' })
      await bus.publish('work', 'tested', 1)`)
    await program.wrote(1)
    program.process.kill('SIGINT')
    program.process.kill('SIGTERM')
    await program.ended()
    expect(program.lines).toContain('done')
  })

  it('ends at once at the second signal, with its number', async () => {
    const program = application(endless)
    await program.wrote(1)
    program.process.kill('SIGTERM')
    await program.wrote(2)
    expect(await insist(program, 'SIGINT')).toBe(128 + 2)
  })

  it('ends with 1, and says what was in the way, if something keeps it alive', async () => {
    const program = application(endless, '{ timeoutMs: 100 }')
    await program.wrote(1)
    program.process.kill('SIGTERM')
    expect(await program.outcome()).toBe(1)
    expect(program.lines.at(-1)).toMatch(/^the process does not end by itself, and is ended: .*Timeout/)
  })

  it('ends with 1 if something fails on the way, and closes all the same', async () => {
    const program = application(busy, `{ before: () => { throw new Error('no') }, ${idle} }`)
    await program.wrote(1)
    program.process.kill('SIGTERM')
    expect(await program.outcome()).toBe(1)
    expect(program.lines).toEqual([
      'ready',
      'SIGTERM: closing',
      expect.stringMatching(/^before failed while the process was ending: .*no/),
      'closed',
    ])
  })

  it('does not wait longer than it may for what comes before', async () => {
    const program = application(busy, `{ timeoutMs: 50, before: () => new Promise(() => {}), ${idle} }`)
    await program.wrote(1)
    program.process.kill('SIGTERM')
    await program.ended()
    expect(program.lines.at(-1)).toBe('closed')
  })

  it('is killed as any other once that is undone', async () => {
    const program = application(`undo()\n setInterval(() => {}, 1_000)`)
    await program.wrote(1)
    program.process.kill('SIGTERM')
    expect(await program.outcome()).toBe('SIGTERM')
  })
})
