import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { run } from '../../src/run.ts'
import { cleanEnvironment, type Outcome } from './cli.ts'

/** The same without a process of its own, where a hundred calls are to be tried. */
export async function called(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const [stdin, stdout, stderr] = [new PassThrough().end(), new PassThrough(), new PassThrough()]
  const code = await run(args, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    env: { ...cleanEnvironment(), ...env },
    signal: new AbortController().signal,
  })
  const [out, err] = await Promise.all([text(stdout.end()), text(stderr.end())])
  return { code, stdout: out, stderr: err }
}
