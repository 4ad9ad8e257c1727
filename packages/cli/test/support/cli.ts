import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly cwd?: string
}

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url))

/** The program and what comes before its own arguments. */
export const program: readonly string[] = [process.execPath, '--conditions=@bus/source', bin]

/** Runs the program as a user does, and waits for its end. */
export async function bus(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  const child = start(args, options)
  child.stdin?.on('error', () => {}) // It may end without reading everything.
  child.stdin?.end(options.input ?? '')
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close'),
  ])
  return { code: code as number | null, stdout, stderr }
}

export function start(args: readonly string[], { env = {}, cwd }: CliOptions = {}): ChildProcess {
  const [node = '', ...before] = program
  return spawn(node, [...before, ...args], { env: { ...cleanEnvironment(), ...env }, cwd })
}

export function jsonLines<Line = Record<string, unknown>>(output: string): Line[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

/** What the developer's own environment says of brokers and colours is not meant for tests. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^((EVENT_BUS|REDIS|KAFKA)_|NO_COLOR$|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
