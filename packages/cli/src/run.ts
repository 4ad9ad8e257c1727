import { callOf, inputOf, type Parsed } from './arguments/parse.ts'
import { helpFor, overview, usage } from './arguments/help.ts'
import type { Command, Connection, Context, Input } from './command.ts'
import { commands } from './commands/index.ts'
import { connect } from './connect.ts'
import { environment } from './environment.ts'
import { exitCodeOf, exitCodes, UsageError } from './exit-codes.ts'
import { Output } from './terminal/output.ts'
import { printError } from './terminal/print-error.ts'
import { version } from './version.ts'

/** What a process gives to a command. */
export interface Process {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: NodeJS.ProcessEnv
  /** Aborts when the command is to end. */
  readonly signal: AbortSignal
}

/** Runs one command; resolves with the exit code, never rejects. */
export async function run(given: readonly string[], host: Process): Promise<number> {
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  const early = outputFor(host, host.env, { json: argv.includes('--json') })
  let called: Command | undefined
  try {
    const { command, unknown, args } = callOf(argv, commands)
    called = command
    if (command === undefined) return await withoutCommand(argv, unknown, early)
    const input = inputOf(command, args)
    if (input.values['help'] === true) {
      await early.line(helpFor(command))
      return exitCodes.ok
    }
    return await runCommand(command, input, host)
  } catch (error) {
    printError(early, error)
    if (error instanceof UsageError && called !== undefined && !early.json)
      early.note(`Usage: ${usage(called)}\nMore: bus ${called.name} --help`)
    return exitCodeOf(error)
  }
}

async function withoutCommand(argv: readonly string[], unknown: string | undefined, out: Output): Promise<number> {
  if (argv.includes('--version') || argv.includes('-V')) {
    await out.line(version())
    return exitCodes.ok
  }
  const asked = argv.includes('--help') || argv.includes('-h')
  const group = commands.filter(({ name }) => name.startsWith(`${unknown} `))
  if (unknown !== undefined && group.length === 0)
    throw new UsageError(`There is no command "${unknown}". bus --help lists them.`)
  const text = overview(group.length > 0 ? group : commands)
  if (asked) await out.line(text)
  else out.note(text)
  return asked ? exitCodes.ok : exitCodes.usage
}

async function runCommand(command: Command, input: Parsed, host: Process): Promise<number> {
  const { signal } = host
  const env = environment(host.env, input.values['env-file'] as string | undefined)
  const { json, 'no-color': noColor } = input.values
  const out = outputFor(host, env, { json: json === true, colour: noColor !== true })
  let connection: Promise<Connection> | undefined
  const adapterName = input.values['adapter'] as string | undefined
  const context: Context = {
    out,
    env,
    signal,
    stdin: host.stdin,
    adapterName,
    connect: (own = {}) =>
      (connection ??= connect({ adapterName, env: own.env ?? env, out, source: own.source, signal })),
  }
  try {
    return await command.run(input as Input, context)
  } finally {
    const open = await connection?.catch(() => undefined)
    await open?.bus.close()
    await open?.adapter.close()
  }
}

function outputFor(
  { stdout, stderr, signal }: Process,
  env: NodeJS.ProcessEnv,
  { json = false, colour = true }: { readonly json?: boolean; readonly colour?: boolean },
): Output {
  return new Output({ stdout, stderr, env, json, colour, signal })
}
