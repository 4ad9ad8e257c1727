import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('bin.ts', import.meta.resolve('@bus/cli')))

/** Gives a command to the `bus` program as somebody at a terminal would, and prints both. @throws if it fails */
export async function type(command: string, environment: NodeJS.ProcessEnv): Promise<void> {
  console.log(`\n$ bus ${command}`)
  const child = spawn(process.execPath, ['--conditions=@bus/source', program, ...command.split(' ')], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, notes, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  console.log(`${output}${notes}`.trimEnd())
  if (code !== 0) throw new Error(`bus ${command} ended with ${code as number}`)
}
