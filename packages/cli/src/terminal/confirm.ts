import { createInterface } from 'node:readline/promises'
import type { Context } from '../command.ts'
import { InterruptedError, RefusedError } from '../exit-codes.ts'

/** Before anything is looked up: without somebody to ask, `--yes` is needed. @throws RefusedError */
export function assertCanConfirm({ stdin, out }: Context, what: string, yes: boolean): void {
  if (yes || (stdin.isTTY && out.stderr.isTTY)) return
  throw new RefusedError(`${what} asks for confirmation, and there is no terminal to ask on. Add --yes if you mean it.`)
}

/** @throws RefusedError, InterruptedError */
export async function confirm(context: Context, question: string): Promise<void> {
  const { stdin, out, signal } = context
  const lines = createInterface({ input: stdin, output: out.stderr })
  const interrupted = new AbortController()
  lines.on('SIGINT', () => interrupted.abort())
  // The end of the input is no answer either.
  lines.on('close', () => interrupted.abort())
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: AbortSignal.any([signal, interrupted.signal]) })
    if (!/^y(es)?$/i.test(answer.trim())) throw new RefusedError('Not confirmed: nothing was done.')
  } catch (error) {
    if (signal.aborted || interrupted.signal.aborted) {
      out.note('')
      throw new InterruptedError()
    }
    throw error
  } finally {
    lines.close()
  }
}
