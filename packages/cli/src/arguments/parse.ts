import { parseArgs } from 'node:util'
import type { Command } from '../command.ts'
import { UsageError } from '../exit-codes.ts'
import { globalOptions } from './global-options.ts'

/** The command that is meant, and everything else that was said. */
export interface Call {
  readonly command: Command | undefined
  /** The words that name no command, if there are any. */
  readonly unknown: string | undefined
  readonly args: readonly string[]
}

/** Options for every command may stand before its name. */
export function callOf(argv: readonly string[], commands: readonly Command[]): Call {
  const start = firstWord(argv)
  const [one, two] = argv.slice(start)
  const named = (name: string): Command | undefined => commands.find((candidate) => candidate.name === name)
  const long = two === undefined ? undefined : named(`${one} ${two}`)
  const command = long ?? named(one ?? '')
  const words = long === undefined ? 1 : 2
  const isGroup = commands.some(({ name }) => name.startsWith(`${one} `)) && two?.startsWith('-') === false
  const unknown = command === undefined ? (isGroup ? `${one} ${two}` : one) : undefined
  return {
    command,
    unknown,
    args: command === undefined ? argv : [...argv.slice(0, start), ...argv.slice(start + words)],
  }
}

/** What was said, by the names of options. */
export interface Parsed {
  readonly values: Readonly<Record<string, unknown>>
  readonly positionals: readonly string[]
}

/** @throws UsageError */
export function inputOf(command: Command, args: readonly string[]): Parsed {
  const input = parsed({ ...command.options, ...globalOptions }, args)
  if (input.values['help'] !== true) checkCount(command, input.positionals)
  return input
}

function parsed(options: Command['options'], args: readonly string[]): Parsed {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    return { values, positionals }
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS_')) throw error
    throw new UsageError((error as Error).message)
  }
}

function firstWord(argv: readonly string[]): number {
  const options: Command['options'] = globalOptions
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] as string
    if (!arg.startsWith('-')) return at
    if (options[arg.slice(2)]?.type === 'string') at++
  }
  return argv.length
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const missing = command.arguments[positionals.length]
  if (missing !== undefined && missing.optional !== true) throw new UsageError(`${missing.name} is missing.`)
  const takesRest = command.arguments.some(({ rest }) => rest === true)
  const extra = positionals[command.arguments.length]
  if (extra !== undefined && !takesRest) throw new UsageError(`"${extra}" is one argument too many.`)
}
