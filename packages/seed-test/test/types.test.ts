import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const project = fileURLToPath(new URL('../tsconfig.json', import.meta.url))
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

it('every example compiles, and the options of every adapter are typed', async () => {
  const compile = promisify(execFile)(process.execPath, [compiler, '-p', project])
  // What does not compile stands in its output.
  const output = await compile.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  )
  expect(output).toBe('')
})
