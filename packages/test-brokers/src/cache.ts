import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * A directory that is made once per machine. Runs that make it at the same time each fill their own;
 * the first one to rename it into place wins.
 */
export async function cached(name: string, fill: (directory: string) => Promise<void>): Promise<string> {
  // Outside the checkout, so that it outlives `git clean`.
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bus-test-brokers')
  const final = join(cache, name)
  if (await exists(final)) return final
  await mkdir(cache, { recursive: true })
  const own = await mkdtemp(join(cache, 'making-'))
  try {
    await fill(own)
    await rename(own, final)
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    if (!(await exists(final))) throw error
  }
  return final
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
