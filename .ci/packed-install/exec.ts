import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const TIMEOUT_MS = 180_000

export interface ExecOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end; what it printed is the result, or part of the error. */
export async function exec(command: string, args: readonly string[], { cwd, env }: ExecOptions): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { cwd, env: { ...process.env, ...env }, timeout: TIMEOUT_MS })
    return stdout.trim()
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string }
    // Without the cause, which would print all of it a second time.
    throw new Error(`${message}\nin ${cwd}\n${stdout}\n${stderr}`)
  }
}

export function pnpm(args: readonly string[], options: ExecOptions): Promise<string> {
  return exec('npx', ['--yes', 'pnpm@12', ...args], options)
}
