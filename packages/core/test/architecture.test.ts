import { describe, expect, it } from 'vitest'
import { adapterFolders, manifestOf, type Source, sourcesIn, wordsOf } from './support/sources.ts'

const core = sourcesIn('core/src')
const isTest = ({ path }: Source): boolean => path.endsWith('.test.ts')
const product = core.filter((source) => !isTest(source))
const inside = product.filter(({ path }) => !path.startsWith('core/src/conformance/'))

/** From the bottom to the top: a file imports from its own layer and from those below. */
const layers: readonly (readonly [string, RegExp])[] = [
  ['util', /^util\//],
  ['errors', /^errors\.ts$/],
  ['spi, events', /^(spi\/(?!index\.ts)|(events|event-topics|defaults)\.ts$)/],
  ['wire', /^wire\//],
  ['failure', /^failure\//],
  ['consume', /^consume\//],
  [
    'publish and the like',
    /^((publish|publish-middleware|history|replay|trace|operations|logging|health|stats|group-figures|registry)\.ts$|dead-letters\/)/,
  ],
  ['bus', /^(bus|bus-[a-z-]+|create|handle-signals)\.ts$/],
  ['entries', /^((spi\/)?index\.ts$|http\/)/],
  ['conformance', /^conformance\//],
]

function layerOf(path: string): number {
  return layers.findIndex(([, pattern]) => pattern.test(path.replace('core/src/', '')))
}

describe('the core', () => {
  it('has a layer for every file', () => {
    expect(product.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path)).toEqual([])
  })

  it('is read rightly by this test', () => {
    const bus = product.find(({ path }) => path === 'core/src/bus.ts')
    expect(bus?.imports).toEqual(expect.arrayContaining(['core/src/publish.ts', 'core/src/events.ts']))
    expect(bus?.loads).toContain('core/src/publish.ts')
    expect(bus?.loads).not.toContain('core/src/events.ts')
    expect(wordsOf('retryTopicOf(XMLDead_LETTERS)')).toEqual(
      new Set(['retry', 'topic', 'of', 'xml', 'dead', 'letters']),
    )
  })

  it('imports downwards only', () => {
    const upwards = product.flatMap(({ path, imports }) =>
      imports
        .filter((to) => to.startsWith('core/') && layerOf(to) > layerOf(path))
        .map((to) => `${path} imports ${to}`),
    )
    expect(upwards).toEqual([])
  })

  it('has no cycles, not even of types', () => {
    expect(cycleIn(product, ({ imports }) => imports)).toBeUndefined()
  })

  it('imports nothing but itself and Node', () => {
    const others = product.flatMap(({ path, imports }) =>
      imports
        .filter((to) => !to.startsWith('core/src/') && !to.startsWith('node:'))
        .map((to) => `${path} imports ${to}`),
    )
    expect(others).toEqual([])
  })

  it('names no broker, not even in a comment or a test', () => {
    const named = core.flatMap(({ path, text }) =>
      [...text.matchAll(/redis|kafka|valkey|rabbit/gi)].map(([name]) => `${path}: ${name}`),
    )
    expect(named).toEqual([])
  })

  it('has time, timers and chance in one place', () => {
    const ambient =
      /\b(Date\.now|new Date\(\)|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|randomUUID|performance\.now|AbortSignal\.timeout)\b/g
    const used = inside
      .filter(({ path }) => path !== 'core/src/util/clock.ts')
      .flatMap(({ path, code }) => [...code.matchAll(ambient)].map(([name]) => `${path}: ${name}`))
    expect(used).toEqual([])
  })

  it('asks no adapter what it can do', () => {
    const asked = inside.filter(({ path, code }) => !path.startsWith('core/src/spi/') && /\bcapabilities\b/.test(code))
    expect(asked.map(({ path }) => path)).toEqual([])
  })

  it('touches the process where adapters are looked up and signals are handled only, and the console where it logs', () => {
    const using = (pattern: RegExp): string[] => inside.filter(({ code }) => pattern.test(code)).map(({ path }) => path)
    expect(using(/\bprocess\.\w/)).toEqual(['core/src/create.ts', 'core/src/handle-signals.ts', 'core/src/registry.ts'])
    expect(using(/\bconsole\./)).toEqual(['core/src/util/logger.ts'])
  })
})

/** The names of options, commands and errors of clients, which are not the adapter's to choose. */
const foreignNames =
  /\b(maxRetriesPerRequest|(sentinelR|r)etryStrategy|maxLoadingRetryTime|MaxRetriesPerRequestError|RETRYCOUNT)\b/g
const policyWords = [
  'retry',
  'retries',
  'retried',
  'retryable',
  'attempt',
  'attempts',
  'dlq',
  'deadletter',
  'backoff',
  'redrive',
  'redriven',
]
const policyPhrases = /dead[- ]letter|back[- ]off/i

describe.each(adapterFolders())('%s', (folder) => {
  const sources = sourcesIn(`${folder}/src`)

  it('knows the interface for adapters, its own client and Node, nothing else', () => {
    const own = Object.keys(manifestOf(folder).dependencies ?? {})
    const allowed = (to: string): boolean =>
      to.startsWith(`${folder}/src/`) ||
      to.startsWith('node:') ||
      to === '@bus/core/spi' ||
      own.some((name) => to === name || to.startsWith(`${name}/`))
    const others = sources.flatMap(({ path, imports }) =>
      imports.filter((to) => !allowed(to)).map((to) => `${path} imports ${to}`),
    )
    expect(others).toEqual([])
  })

  it('has no cycles', () => {
    expect(cycleIn(sources, ({ loads }) => loads)).toBeUndefined()
  })

  it('has no word of a policy about failures', () => {
    const words = sources.flatMap(({ path, text }) => {
      const own = text.replaceAll(foreignNames, '')
      // The client's own settings for its requests.
      const fair = path.includes('/driver/') ? own.replaceAll(/\bretry: \{[^}]*\}/g, '') : own
      const found = policyWords.filter((word) => wordsOf(fair).has(word))
      return [...found, ...(policyPhrases.exec(fair) ?? [])].map((word) => `${path}: ${word}`)
    })
    expect(words).toEqual([])
  })

  it('knows its client in few places', () => {
    const knowing = sources.filter(
      ({ imports }) => imports.includes('kafkajs') || imports.some((to) => to.startsWith('kafkajs/')),
    )
    expect(knowing.filter(({ path }) => !path.includes('/driver/kafkajs/')).map(({ path }) => path)).toEqual([])
    expect(knowing.length > 0).toBe(folder === 'adapter-kafka')
    // What is behind the seam comes in by one door.
    const through = sources.flatMap(({ path, imports }) =>
      path.includes('/driver/kafkajs/') ? [] : imports.filter((to) => to.includes('/driver/kafkajs/')),
    )
    expect(new Set(through)).toEqual(new Set(knowing.length > 0 ? [`${folder}/src/driver/kafkajs/index.ts`] : []))
  })
})

describe('every file', () => {
  const all = [
    'core/src',
    'core/test',
    ...adapterFolders().flatMap((folder) => [`${folder}/src`, `${folder}/test`]),
  ].flatMap(sourcesIn)

  it('has at most 300 lines', () => {
    const long = all
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300)
    expect(long).toEqual([])
  })

  it('has a name in lower case, with dashes, and no default export', () => {
    expect(
      all
        .filter(({ path }) => !/^[a-z0-9-]+(\.(test|test-d|drill))?\.ts$/.test(path.split('/').at(-1) ?? ''))
        .map(({ path }) => path),
    ).toEqual([])
    expect(all.filter(({ code }) => /\bexport default\b/.test(code)).map(({ path }) => path)).toEqual([])
  })
})

/** The first cycle found, as a chain of files. */
function cycleIn(sources: readonly Source[], importsOf: (source: Source) => readonly string[]): string[] | undefined {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const done = new Set<string>()
  const visit = (path: string, chain: readonly string[]): string[] | undefined => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path]
    if (done.has(path)) return undefined
    const source = byPath.get(path)
    for (const to of source === undefined ? [] : importsOf(source)) {
      const cycle = byPath.has(to) ? visit(to, [...chain, path]) : undefined
      if (cycle !== undefined) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const { path } of sources) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
