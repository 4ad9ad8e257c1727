import { command, type Command } from '../command.ts'
import { scripts } from '../completion/scripts.ts'
import { exitCodes, UsageError } from '../exit-codes.ts'

/** `commands` are asked for when all are known, this one among them. */
export function completionOf(commands: () => readonly Command[]): Command {
  return command({
    name: 'completion',
    summary: 'prints what makes a shell complete commands and options',
    arguments: [{ name: 'SHELL' }],
    options: {},
    examples: [
      'source <(bus completion bash)   # in ~/.bashrc',
      'source <(bus completion zsh)    # in ~/.zshrc, after compinit',
      'bus completion fish > ~/.config/fish/completions/bus.fish',
    ],
    async run({ positionals: [shell = ''] }, { out }) {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
      if (script === undefined) throw new UsageError(`SHELL is one of ${Object.keys(scripts).join(', ')}.`)
      await out.line(script(commands()).trimEnd())
      return exitCodes.ok
    },
  })
}
