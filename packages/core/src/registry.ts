import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AdapterIncompatibleError, AdapterNotInstalledError, AdapterUnknownError } from './errors.ts'
import { SPEC_VERSION } from './spi/adapter.ts'
import type { AdapterDefinition, Env } from './spi/definition.ts'

/** Some adapter's definition; what its options are, only the adapter knows. */
export interface AnyAdapterDefinition extends Omit<AdapterDefinition<string, never>, 'optionsFromEnv'> {
  optionsFromEnv(env: Env): unknown
}

/** An adapter, or how to load one: `() => import('@bus/adapter-…')`. A bundler follows the literal import. */
export type AdapterEntry = AnyAdapterDefinition | (() => Promise<{ readonly adapter: AnyAdapterDefinition }>)

// With a scope or a folder in it; no path, though: those would be looked up beside this file.
const fullName = /^@?[a-z0-9~-][\w.~-]*\/./i

const registryKey: symbol = Symbol.for('@bus/adapters')

/** One for the process, also when several copies of this package are loaded. */
function registered(): Map<string, AnyAdapterDefinition> {
  const holder = globalThis as unknown as Record<symbol, Map<string, AnyAdapterDefinition> | undefined>
  return (holder[registryKey] ??= new Map())
}

/** Makes an adapter known by its name, before anything that is installed under that name. */
export function registerAdapter(adapter: AnyAdapterDefinition): void {
  registered().set(adapter.name, adapter)
}

/**
 * Looks `name` up: among `entries`, among what was registered, and among the packages installed beside the application
 * (`@bus/adapter-<name>`, or `name` itself if it is a package's full name).
 * @throws AdapterUnknownError, AdapterNotInstalledError, AdapterIncompatibleError
 */
export async function findAdapter(
  name: string,
  entries: readonly AdapterEntry[] = [],
  loaders: Readonly<Record<string, AdapterEntry>> = {},
): Promise<AnyAdapterDefinition> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (loader !== undefined) return compatible(name, await loadEntry(loader))
  const listed = await Promise.all(entries.map(loadEntry))
  const given = listed.find((adapter) => adapter.name === name) ?? registered().get(name)
  const known = [...listed.map((adapter) => adapter.name), ...Object.keys(loaders)]
  return compatible(name, given ?? (await loadInstalled(name, known)))
}

async function loadEntry(entry: AdapterEntry): Promise<AnyAdapterDefinition> {
  return typeof entry === 'function' ? (await entry()).adapter : entry
}

/** A package that exports no adapter at all was written for another interface as well. */
function compatible(name: string, adapter: AnyAdapterDefinition | undefined): AnyAdapterDefinition {
  if (adapter?.specVersion === SPEC_VERSION) return adapter
  throw new AdapterIncompatibleError(adapter?.name ?? name, adapter?.specVersion, SPEC_VERSION)
}

async function loadInstalled(name: string, listed: readonly string[]): Promise<AnyAdapterDefinition | undefined> {
  const isPackage = fullName.test(name)
  const packageName = isPackage ? name : `@bus/adapter-${name}`
  const file = resolveFromApplication(packageName)
  if (file !== undefined)
    return ((await import(pathToFileURL(file).href)) as { adapter?: AnyAdapterDefinition }).adapter
  const official = officialAdapters()
  const expected = isPackage || official.includes(name) || official.length === 0
  if (expected) throw new AdapterNotInstalledError(name, packageName)
  throw new AdapterUnknownError(name, [...new Set([...listed, ...registered().keys(), ...official])])
}

/**
 * From where the application is, not from here: with a strict layout of node_modules this package cannot see what
 * the application has installed. `undefined`: the package is not there. Whatever else is wrong with it is thrown.
 */
function resolveFromApplication(packageName: string): string | undefined {
  const entryFile = process.argv[1]
  const places = [entryFile, `${process.cwd()}/package.json`, import.meta.url]
  for (const place of places) {
    if (place === undefined) continue
    const require = createRequire(place)
    try {
      return require.resolve(packageName)
    } catch (error) {
      // The same code says that the file is missing which a package names as its entry.
      const absent = (error as { code?: unknown }).code === 'MODULE_NOT_FOUND' && !isInstalled(packageName, require)
      if (!absent) throw error
    }
  }
  return undefined
}

function isInstalled(packageName: string, require: NodeJS.Require): boolean {
  const folders = require.resolve.paths(packageName) ?? []
  return folders.some((folder) => existsSync(join(folder, packageName, 'package.json')))
}

/** The names this package publishes adapters under; they stand in its manifest, since its code knows no backend. */
function officialAdapters(): readonly string[] {
  try {
    const manifest = createRequire(import.meta.url)('../package.json') as { bus?: { adapters?: readonly string[] } }
    return manifest.bus?.adapters ?? []
  } catch {
    // Bundled: the manifest is not beside the code any more.
    return []
  }
}
