import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const core = fileURLToPath(new URL('..', import.meta.url))
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

describe('the types', () => {
  it('let compile what must, and nothing that must not', async () => {
    const compile = promisify(execFile)(process.execPath, [compiler, '-p', join(core, 'tsconfig.types.json')])
    // What does not compile stands in its output.
    const output = await compile.then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    )
    expect(output).toBe('')
    const text = await readFile(join(core, 'test/types.test-d.ts'), 'utf8')
    expect(text.match(/@ts-expect-error --/g)?.length).toBeGreaterThan(25)
  })
})
