import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { environmentOf, sharedBackends } from './support/backends.ts'
import { bus, cleanEnvironment, jsonLines, program } from './support/cli.ts'

const many = 20_000

describe.each(sharedBackends())('on %s', (backend) => {
  it('takes and gives back many events, in order, and ends when nobody reads on', { timeout: 180_000 }, async () => {
    const env = environmentOf(backend)
    const lines = Array.from({ length: many }, (_, n) => `{"type":"counted","key":"k","payload":${n}}\n`)
    const published = await bus(['publish', 'numbers'], { env, input: lines.join('') })
    expect(published).toMatchObject({ code: 0, stdout: '' })
    expect(published.stderr).toContain('20,000 events published')

    const { code, stdout } = await bus(['history', 'numbers', '--json'], { env })
    expect(code).toBe(0)
    expect(jsonLines(stdout).map(({ payload }) => payload)).toEqual(Array.from({ length: many }, (_, n) => n))

    const command = [...program, 'history', 'numbers'].map((word) => `'${word}'`).join(' ')
    const head = execFileSync('bash', ['-c', `set -o pipefail; ${command} | head -n 2`], {
      env: { ...cleanEnvironment(), ...env },
      encoding: 'utf8',
    })
    expect(head.trim().split('\n')).toHaveLength(2)
  })
})
