import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Bug, plant } from '../bug.ts'

const packages = new URL('../../../../', import.meta.url).href
const mark = 'planted'

/**
 * From now on `import('…?planted=3')` gives a module whose imports from this repository are copies of their own, with
 * the third bug in them: many cores, each with one bug, in one process.
 */
export function plantOnImport(bugs: readonly Bug[]): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      const index = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get(mark)
      return index === null || !found.url.startsWith(packages) ? found : { ...found, url: planted(found.url, index) }
    },
    load(url, context, next) {
      const loaded = next(url, context)
      const index = url.startsWith(packages) ? new URL(url).searchParams.get(mark) : null
      const bug = index === null ? undefined : bugs[Number(index)]
      if (bug === undefined || !fileURLToPath(url).endsWith(`/core/src/${bug.file}`)) return loaded
      const source = plant(bug, String(loaded.source))
      if (source === undefined) throw new Error(`"${bug.name}": its place in ${bug.file} is gone`)
      return { ...loaded, source }
    },
  })
}

export function planted(url: string, index: number | string): string {
  const address = new URL(url)
  address.searchParams.set(mark, String(index))
  return address.href
}
