import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pnpm } from './exec.ts'

export const adapters = ['memory', 'redis', 'kafka'] as const
export type AdapterName = (typeof adapters)[number]

/** Package name to tarball, as a registry would hand it out; needs a build. */
export async function packAll(root: string, directory: string): Promise<Record<string, string>> {
  const names = ['core', 'cli', 'otel', ...adapters.map((name) => `adapter-${name}`)]
  // One after the other: each packing reads the whole workspace.
  for (const name of names) await pnpm(['pack', '--pack-destination', directory], { cwd: join(root, 'packages', name) })
  const files = await readdir(directory)
  return Object.fromEntries(
    names.map((name) => {
      const file = files.find((entry) => entry.startsWith(`bus-${name}-`) && entry.endsWith('.tgz'))
      if (!file) throw new Error(`no tarball of @bus/${name} among ${files.join(', ')}`)
      return [`@bus/${name}`, `file:${join(directory, file)}`]
    }),
  )
}
