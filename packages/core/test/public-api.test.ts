import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const entries = {
  '.': '../src/index.ts',
  './spi': '../src/spi/index.ts',
  './http': '../src/http/index.ts',
  './conformance': '../src/conformance/index.ts',
} as const

/** The names behind `export type { ... }`. */
async function typesIn(file: string): Promise<string[]> {
  const text = await readFile(new URL(file, import.meta.url), 'utf8')
  const lists = [...text.matchAll(/^export type \{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','))
  return lists.map((name) => name.trim()).filter(Boolean)
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1)

// Whoever adds a name here makes a promise; whoever takes one away breaks one. Update it with `vitest run -u`.
describe.each(Object.keys(entries) as (keyof typeof entries)[])('the entry %s', (entry) => {
  it('exports these names', async () => {
    const values = Object.keys((await import(entries[entry])) as object).toSorted(byName)
    const types = (await typesIn(entries[entry])).toSorted(byName)
    expect({ values, types }).toMatchSnapshot()
  })

  it('is what the manifest says, before and after it is built', () => {
    const source = entries[entry].replace('../', './')
    const dist = source.replace('./src/', './dist/')
    const built = { types: dist.replace(/ts$/, 'd.ts'), default: dist.replace(/ts$/, 'js') }
    expect(manifest.exports[entry]).toEqual({ '@bus/source': source, ...built })
    expect(manifest.publishConfig.exports[entry]).toEqual(built)
  })
})
