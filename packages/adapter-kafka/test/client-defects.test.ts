import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { clientVersion, isKnownClient } from '../src/driver/kafkajs/version.ts'
import { logFrom } from '../src/log.ts'
import type { KafkaAdapterOptions } from '../src/index.ts'
import { kafka } from './kafka.ts'
import { freshTopic } from './worker.ts'

interface Idle {
  readonly timers: number
  readonly negative: number
  readonly closedAfterMs: number
  /** What it wrote beside its result. */
  readonly noise: string
}

async function idle(options: Partial<KafkaAdapterOptions> = {}): Promise<Idle> {
  const task = JSON.stringify({ brokers: (await kafka()).brokers, topic: freshTopic(), ...options })
  const program = fileURLToPath(new URL('processes/quiet.ts', import.meta.url))
  const run = promisify(execFile)(process.execPath, ['--conditions=@bus/source', program, task], { timeout: 50_000 })
  const { stdout, stderr } = await run
  return { ...(JSON.parse(stdout) as Idle), noise: stderr }
}

describe('the defects of kafkajs 2.2.4', () => {
  it('do not show: no busy timer, no chatter, no long wait at the end', async () => {
    const { timers, negative, closedAfterMs, noise } = await idle()
    expect(noise).toBe('')
    expect(negative).toBe(0)
    // Heartbeats and fetches: a few a second.
    expect(timers).toBeLessThan(200)
    // As long as it would wait for a fetch that is under way.
    expect(closedAfterMs).toBeLessThan(2_500)
  })

  it('are there again if they are to be left alone', async () => {
    const { timers, negative } = await idle({ clientFixes: false })
    expect(negative).toBeGreaterThan(300)
    expect(timers).toBeGreaterThan(300)
  })

  it('are repaired in the version that has them, and a warning says that another one is installed', () => {
    const lines: string[] = []
    const log = logFrom({ warn: (line) => lines.push(line) })
    expect(clientVersion()).toBe('2.2.4')
    expect(isKnownClient('2.2.4', log)).toBe(true)
    expect(isKnownClient(undefined, log)).toBe(true)
    expect(lines).toEqual([])
    expect(isKnownClient('2.3.0', log)).toBe(false)
    expect(lines).toEqual([expect.stringMatching(/kafkajs 2\.3\.0 .* instead of 2\.2\.4/)])
  })
})
