import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('support/promises.ts', import.meta.url))

async function count(how: string): Promise<{ promises: number; keys: string[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@bus/source', program, how])
  return JSON.parse(stdout) as { promises: number; keys: string[] }
}

it('without an SDK an event takes the way that it takes without this package: no promise more, nothing added', async () => {
  const [without, idle, traced] = await Promise.all([count('without'), count('idle'), count('traced')])
  expect(idle).toEqual(without)
  expect(without.keys).toEqual(['eventId', 'source', 'timestamp'])
  // The count does see what is there.
  expect(traced.promises).toBeGreaterThan(without.promises)
  expect(traced.keys).toContain('traceparent')
})
