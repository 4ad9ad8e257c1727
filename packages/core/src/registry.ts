import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { AdapterIncompatibleError, AdapterNotInstalledError, AdapterUnknownError } from './errors.ts'
import { SPEC_VERSION } from './spi/adapter.ts'
import type { AdapterDefinition } from './spi/definition.ts'

/** Some adapter's definition; what its options are, only the adapter knows. */
export type AnyAdapterDefinition = AdapterDefinition<string, never>

/** An adapter, or how to load one: `() => import('@bus/adapter-…')`. A bundler follows the literal import. */
export type AdapterEntry = AnyAdapterDefinition | (() => Promise<{ readonly adapter: AnyAdapterDefinition }>)

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
  const listed = await Promise.all([...entries, ...(loader === undefined ? [] : [loader])].map(loadEntry))
  const given = listed.find((adapter) => adapter.name === name)
  return compatible(given ?? registered().get(name) ?? (await loadInstalled(name, [...listed.map((adapter) => adapter.name), ...Object.keys(loaders)])))
}

async function loadEntry(entry: AdapterEntry): Promise<AnyAdapterDefinition> {
  return typeof entry === 'function' ? (await entry()).adapter : entry
}

function compatible(adapter: AnyAdapterDefinition): AnyAdapterDefinition {
  if (adapter.specVersion === SPEC_VERSION) return adapter
  throw new AdapterIncompatibleError(adapter.name, adapter.specVersion, SPEC_VERSION)
}

async function loadInstalled(name: string, listed: readonly string[]): Promise<AnyAdapterDefinition> {
  const packageName = name.includes('/') ? name : `@bus/adapter-${name}`
  const file = resolveFromApplication(packageName)
  if (file !== undefined) return ((await import(pathToFileURL(file).href)) as { adapter: AnyAdapterDefinition }).adapter
  const official = officialAdapters()
  const expected = name.includes('/') || official.includes(name) || official.length === 0
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
    try {
      return createRequire(place).resolve(packageName)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
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
