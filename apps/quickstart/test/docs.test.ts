import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaults } from '@bus/core'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const pages = globSync(
  ['*.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/*/README.md'].map((pattern) => join(root, pattern)),
)

/** Rows of tables: | `name` | `value` | ... */
function rows(page: string): Map<string, string> {
  const found = read(page).matchAll(/^\| [^|]*?`([\w.]+)`[^|`]* *\| `([^`|]+)` *\|/gm)
  return new Map([...found].map(([, name = '', value = '']) => [name, value]))
}

describe('the documentation', () => {
  test.each(['docs/configuration.md', 'packages/core/README.md'])('%s quotes the defaults of the code', (page) => {
    const quoted = [...rows(page)].filter(([name]) => (name.split('.').at(-1) as string) in defaults)
    expect(quoted.length).toBeGreaterThan(10)
    for (const [name, value] of quoted) {
      expect([name, value]).toEqual([name, String(defaults[name.split('.').at(-1) as keyof typeof defaults])])
    }
  })

  test.each(['README.md', 'docs/configuration.md'])('%s names every environment variable, and no other', (page) => {
    const sources = globSync(join(root, 'packages/{core,adapter-*}/src/**/{create,definition,env}.ts'))
    const code = sources.map((file) => readFileSync(file, 'utf8')).join('\n')
    const variable = /\b(?:EVENT_BUS|REDIS|KAFKA)_[A-Z_]*[A-Z]\b/g
    const known = new Set(code.match(variable))
    const named = new Set(read(page).match(variable))
    expect(named).toEqual(known)
  })

  test('docs/configuration.md has every error code', () => {
    const codes = new Set(read('packages/core/src/errors.ts').match(/(?<=')BUS_[A-Z_]+(?=')/g))
    const explained = new Set(
      [...read('docs/configuration.md').matchAll(/^\| `(BUS_[A-Z_]+)`/gm)].map(([, code]) => code),
    )
    expect(explained).toEqual(codes)
  })

  test('docs/delivery.md has every header of a dead letter, and every field', () => {
    const page = read('docs/delivery.md')
    for (const name of read('packages/core/src/wire/headers.ts').match(/bus-dead-[a-z]+/g) ?? [])
      expect(page).toContain(name)
    const fields =
      /function failureOf\(.*?\n  return \{([^}]*)\}/s.exec(read('packages/core/src/wire/decode.ts'))?.[1] ?? ''
    const names = [...fields.matchAll(/^ +(\w+):/gm)].map(([, name]) => name as string)
    expect(names).toContain('failureReason')
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })

  test('every link leads somewhere', () => {
    expect(pages.length).toBeGreaterThan(15)
    for (const page of pages) {
      for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
        const file = join(dirname(page), target)
        expect([page, target, existsSync(file)]).toEqual([page, target, true])
      }
    }
  })
})
