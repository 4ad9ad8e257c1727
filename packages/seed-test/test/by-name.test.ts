import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { backends, variablesOf } from './support/backend.ts'

const program = fileURLToPath(new URL('../src/by-name.ts', import.meta.url))

describe('a program that names no backend', () => {
  it.each(backends)('runs on %s, finds the adapter beside itself, and ends by itself', async (backend) => {
    const env = { PATH: process.env['PATH'], ...(await variablesOf(backend)) }
    const args = ['--no-warnings', '--conditions=@bus/source', program]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: tmpdir(),
      env,
      timeout: 50_000,
    })
    expect(JSON.parse(stdout)).toEqual({ greeting: 'hello', adapter: backend })
    expect(stderr).toBe('')
  })
})
