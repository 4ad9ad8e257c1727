import { globalOptions } from '../arguments/global-options.ts'
import type { Command } from '../command.ts'
import { firstWords, optionWords, secondWords } from './words.ts'

export const scripts: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish }

function bash(commands: readonly Command[]): string {
  return `_bus() {
  local current=\${COMP_WORDS[COMP_CWORD]} candidates=
  if ((COMP_CWORD == 1)); then
    candidates=${quoted(firstWords(commands))}
${groupBranches(commands, (first) => `((COMP_CWORD == 2)) && [[ \${COMP_WORDS[1]} == ${first} ]]`, quoted)}  else
    case "\${COMP_WORDS[1]} \${COMP_WORDS[2]} " in
${cases(commands, quoted)}    esac
  fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -o default -F _bus bus
`
}

function zsh(commands: readonly Command[]): string {
  return `#compdef bus
_bus() {
  local -a candidates
  if ((CURRENT == 2)); then
    candidates=${list(firstWords(commands))}
${groupBranches(commands, (first) => `((CURRENT == 3)) && [[ $words[2] == ${first} ]]`, list)}  else
    case "$words[2] $words[3] " in
${cases(commands, list)}    esac
  fi
  if [[ $PREFIX == -* ]] || ((CURRENT < 4)); then compadd -- $candidates; else _files; fi
}
compdef _bus bus
`
}

function fish(commands: readonly Command[]): string {
  const lines = ['complete -c bus -n __fish_use_subcommand -f']
  for (const { name, summary, options } of commands) {
    const [first = '', second] = name.split(' ')
    const seen = `__fish_seen_subcommand_from ${first}`
    const here = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`
    lines.push(
      second === undefined
        ? `complete -c bus -n __fish_use_subcommand -a ${first} -d ${text(summary)}`
        : `complete -c bus -n '${seen}' -a ${second} -d ${text(summary)}`,
    )
    for (const [option, spec] of Object.entries({ ...options, ...globalOptions })) {
      const short = 'short' in spec && spec.short !== undefined ? ` -s ${spec.short}` : ''
      const value = spec.type === 'string' ? ' -r' : ''
      lines.push(`complete -c bus -n '${here}' -l ${option}${short}${value} -d ${text(spec.help)}`)
    }
  }
  for (const first of secondWords(commands).keys()) lines.push(`complete -c bus -n __fish_use_subcommand -a ${first}`)
  return `${lines.join('\n')}\n`
}

type Write = (words: readonly string[]) => string

function groupBranches(commands: readonly Command[], test: (first: string) => string, write: Write): string {
  return [...secondWords(commands)]
    .map(([first, second]) => `  elif ${test(first)}; then\n    candidates=${write(second)}\n`)
    .join('')
}

function cases(commands: readonly Command[], write: Write): string {
  return commands.map((command) => `      '${command.name} '*) candidates=${write(optionWords(command))} ;;\n`).join('')
}

function quoted(words: readonly string[]): string {
  return `'${words.join(' ')}'`
}

function list(words: readonly string[]): string {
  return `(${words.join(' ')})`
}

function text(help: string): string {
  return `'${help.replaceAll("'", "\\'")}'`
}
