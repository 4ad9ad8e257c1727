import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeWhenOrphaned } from './orphans.ts'

/** A temporary directory that is gone after the run. */
export interface OwnDirectory {
  readonly path: string
  remove(): Promise<void>
}

export async function ownDirectory(name: string): Promise<OwnDirectory> {
  const path = await mkdtemp(join(tmpdir(), `bus-${name}-`))
  const forget = removeWhenOrphaned('directory', path)
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true })
      forget()
    },
  }
}
