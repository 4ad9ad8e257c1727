import type { Command } from '../command.ts'
import { globalOptions } from '../arguments/global-options.ts'

/** First words, and the second ones of commands that have two. */
export function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
}

export function secondWords(commands: readonly Command[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ')
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second])
  }
  return groups
}

export function optionWords({ options }: Command): string[] {
  return Object.keys({ ...options, ...globalOptions }).map((name) => `--${name}`)
}
