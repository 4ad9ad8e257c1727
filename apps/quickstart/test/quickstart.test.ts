import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('does what it prints', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@bus/source', main])
  const lines = stdout.trimEnd().split('\n')
  expect(lines.filter((line) => line.startsWith('shipping  o-2'))).toHaveLength(3)
  expect(lines).toContain('dead      o-3  after 4 starts: the price is negative')
  expect(lines.at(-1)).toBe('done      shipped o-1, o-2; dead o-3')
})
