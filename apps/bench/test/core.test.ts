import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { CoreCosts } from './core-cost.ts'

const main = fileURLToPath(new URL('core-cost.ts', import.meta.url))

// Counted, not timed, so that a busy machine changes nothing. Bounds stand a tenth to a third above what is needed
// today; whoever must raise one has made every event of every application dearer.
test('the core allocates no more for an event than it did', async () => {
  const args = ['--conditions=@bus/source', '--no-warnings', main]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { publish, handle } = JSON.parse(stdout) as CoreCosts

  // Two of them are those of the caller, who waits for 500 at a time.
  expect(publish.promises).toBeLessThan(5.5)
  expect(publish.bytes).toBeLessThan(4_500)
  // A handler that returns no promise costs none; each window costs some.
  expect(handle.promises).toBeLessThan(0.1)
  expect(handle.bytes).toBeLessThan(3_100)
  // It is the real path that was counted.
  expect(publish.promises).toBeGreaterThan(1)
  expect(handle.bytes).toBeGreaterThan(200)
})
