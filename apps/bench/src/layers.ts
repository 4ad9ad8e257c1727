/** Where the time of an event goes, from the top of the program to the bottom. */
export const layers = [
  'the loop that measures',
  'JSON',
  'core, publish',
  'core, consume',
  'adapter',
  'client library',
  'Node: sockets, timers, context',
  'native code and kernel',
  'garbage collection',
  'waiting',
] as const

export type Layer = (typeof layers)[number]
export type Layers = Readonly<Partial<Record<Layer, number>>>

/** One function, as V8's profiler names it. */
export interface Frame {
  readonly functionName: string
  readonly url: string
}

// V8 counts what JSON.parse and JSON.stringify need as the time of the function that calls them.
const jsonFiles = /\/core\/src\/util\/json(?:-value)?\.ts$/
const jsonFunctions: ReadonlySet<string> = new Set(['parseJson', 'encodeEnvelope'])
const consumeFiles = /\/core\/src\/(?:consume|failure)\/|\/wire\/decode\.ts$/

/** Undefined: the profiler's own work, which is nobody's. */
export function layerOf({ functionName, url }: Frame): Layer | undefined {
  if (functionName === '(idle)') return 'waiting'
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (url === '') return 'native code and kernel'
  if (url.startsWith('node:inspector')) return undefined
  if (url.startsWith('node:')) return 'Node: sockets, timers, context'
  if (/\/core\/src\//.test(url)) {
    if (jsonFiles.test(url) || jsonFunctions.has(functionName)) return 'JSON'
    return consumeFiles.test(url) ? 'core, consume' : 'core, publish'
  }
  if (/\/adapter-[a-z]+\/src\//.test(url)) return 'adapter'
  return /\/node_modules\//.test(url) ? 'client library' : 'the loop that measures'
}
