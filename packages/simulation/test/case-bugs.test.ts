import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { caseBugs } from '../src/planted/suite/case-bugs.ts'
import type { Verdict } from '../src/planted/suite/verdict.ts'

const main = fileURLToPath(new URL('../src/planted/suite/main.ts', import.meta.url))
let verdicts: readonly Verdict[]

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@bus/source', main], {
    maxBuffer: 2 ** 24,
  })
  verdicts = JSON.parse(stdout) as Verdict[]
}, 300_000)

describe('the suite finds a bug planted in the core', () => {
  it.each(caseBugs.map(({ name }, index) => [name, index] as const))('%s', (_, index) => {
    const { found, good } = verdicts[index] as Verdict
    expect(good).toBeUndefined()
    expect(found).toBeTypeOf('string')
  })
})
