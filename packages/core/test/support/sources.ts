import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../../', import.meta.url))

export interface Source {
  /** From `packages/` on, with slashes. */
  readonly path: string
  readonly text: string
  /** Without comments and the contents of texts. */
  readonly code: string
  /** What it imports or re-exports: packages as written, files from `packages/` on. */
  readonly imports: readonly string[]
  /** Those that are still there when it runs. */
  readonly loads: readonly string[]
}

/** The TypeScript files under a folder of `packages/`. */
export function sourcesIn(folder: string): Source[] {
  return readdirSync(join(packages, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => read(join(entry.parentPath, entry.name)))
}

/** The folders of `packages/` that hold an adapter. */
export function adapterFolders(): string[] {
  return readdirSync(packages).filter((name) => name.startsWith('adapter-'))
}

export function manifestOf(folder: string): { readonly dependencies?: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as ReturnType<typeof manifestOf>
}

function read(file: string): Source {
  const text = readFileSync(file, 'utf8')
  const resolve = (specifier: string): string =>
    specifier.startsWith('.') ? pathOf(join(dirname(file), specifier)) : specifier
  const found = [...withoutComments(text).matchAll(importing)].map(([, type, from = '', called = '']) => ({
    to: resolve(from || called),
    isType: type !== undefined,
  }))
  return {
    path: pathOf(file),
    text,
    code: withoutComments(text).replaceAll(texts, `''`),
    imports: found.map(({ to }) => to),
    loads: found.filter(({ isType }) => !isType).map(({ to }) => to),
  }
}

const importing = /^(?:import|export)( type)?(?: [^;']*? from)? '([^'\n]+)'|\bimport\('([^'\n]+)'\)/gm

function pathOf(file: string): string {
  return relative(packages, file).replaceAll('\\', '/')
}

const texts = /'(?:\\.|[^'\\\n])*'/g

function withoutComments(text: string): string {
  return text.replaceAll(
    /('(?:\\.|[^'\\\n])*')|\/\*[^]*?\*\/|(?<=^|\s)\/\/[^\n]*/gm,
    (_found, quoted?: string) => quoted ?? ' ',
  )
}

/** The words of a text, those inside names included: `retryTopicOf` has three. */
export function wordsOf(text: string): Set<string> {
  const apart = text.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return new Set(apart.toLowerCase().match(/[a-z]+/g))
}
