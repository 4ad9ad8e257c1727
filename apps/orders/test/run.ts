import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Outcome {
  readonly code: number | null
  readonly output: string
  /** The canonical summary, as it was written. */
  readonly summary: string
}

const source = (name: string): string => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))

/** The app as a user starts it: one program text, the backend named by the environment only. */
export async function runOrders(
  adapter: string,
  args: readonly string[] = [],
  extra: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'bus-orders-'))
  const file = join(directory, 'summary.json')
  try {
    const run = await runProgram('main', adapter, ['--summary', file, ...args], extra)
    return { ...run, summary: await readFile(file, 'utf8').catch(() => '') }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** One of the programs of the app. */
export async function runProgram(
  name: string,
  adapter: string,
  args: readonly string[] = [],
  extra: NodeJS.ProcessEnv = {},
): Promise<Omit<Outcome, 'summary'>> {
  const child = spawn(process.execPath, ['--conditions=@bus/source', source(name), ...args], {
    env: { ...withoutAddresses(process.env), EVENT_BUS_ADAPTER: adapter, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, output: output + errors }
}

/** Backends that this run of the tests has; `BUS_TEST_ONLY` may have left some out. */
export function sharedBackends(): string[] {
  const brokers = { redis: process.env['BUS_TEST_REDIS_URL'], kafka: process.env['BUS_TEST_KAFKA_BROKERS'] }
  return Object.entries(brokers)
    .filter(([, address]) => address)
    .map(([name]) => name)
}

/** The brokers are those of the tests, whatever the developer's own environment names. */
function withoutAddresses(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(EVENT_BUS|REDIS|KAFKA)_/.test(name)))
}
