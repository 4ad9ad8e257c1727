#!/usr/bin/env node
import { run } from './run.ts'
import { exitCodes } from './exit-codes.ts'
import { outputClosed } from './terminal/output.ts'

const interrupted = new AbortController()

// The second time somebody is in a hurry.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (interrupted.signal.aborted) process.exit(exitCodes.interrupted)
    interrupted.abort()
  })
}
// `bus history orders | head` has read all it wants.
process.stdout.on('error', () => interrupted.abort(outputClosed))

// A backend in this very process holds no socket that would keep a waiting command alive.
setInterval(() => {}, 2 ** 30)

const { stdin, stdout, stderr, env } = process
const code = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: interrupted.signal })
// A socket of a client may live a little longer than its connection; what was printed must be out, though.
if (interrupted.signal.reason !== outputClosed) await new Promise<void>((resolve) => stdout.write('', () => resolve()))
process.exit(code)
