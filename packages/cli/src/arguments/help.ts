import type { ArgumentSpec, Command, Options } from '../command.ts'
import { globalOptions } from './global-options.ts'

const exitCodeHelp = `Exit codes: 0 done, 1 failed, 2 wrong call or configuration, 3 unhealthy or not reachable,
            4 not confirmed, 130 interrupted`

export function overview(commands: readonly Command[]): string {
  return [
    'The command line of the event bus.',
    '',
    'Usage: bus COMMAND [options]',
    '',
    columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Adapter and connection come from the environment, as for createEventBus(): EVENT_BUS_ADAPTER and the variables',
    'of the adapter, which must be installed in the working directory.',
    '',
    columns(optionLines(globalOptions)),
    '',
    exitCodeHelp,
    '',
    'bus COMMAND --help tells more about a command.',
  ].join('\n')
}

export function helpFor(command: Command): string {
  const parts = [command.summary[0]?.toUpperCase() + command.summary.slice(1) + '.', '', `Usage: ${usage(command)}`]
  if (command.details !== undefined) parts.push('', command.details)
  const own = optionLines(command.options)
  if (own.length > 0) parts.push('', columns(own))
  parts.push('', columns(optionLines(globalOptions)))
  if (command.examples.length > 0) parts.push('', 'Examples:', ...command.examples.map((example) => `  ${example}`))
  parts.push('', exitCodeHelp)
  return parts.join('\n')
}

export function usage(command: Command): string {
  return ['bus', command.name, ...command.arguments.map(placeholder), '[options]'].join(' ')
}

function placeholder({ name, optional, rest }: ArgumentSpec): string {
  const text = rest === true ? `${name}...` : name
  return optional === true ? `[${text}]` : text
}

function optionLines(options: Options): [string, string][] {
  return Object.entries(options).map(([name, { short, value, help }]) => [
    `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  ])
}

function columns(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length))
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
