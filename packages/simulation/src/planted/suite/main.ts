import type { ConformanceCase, Subject } from '@bus/core/conformance'
import type { InMemoryAdapter } from '@bus/adapter-memory'
import type { CaseBug } from './case-bug.ts'
import { caseBugs } from './case-bugs.ts'
import { plantOnImport, planted } from './planted-source.ts'
import type { Verdict } from './verdict.ts'

// Runs each bug's case on a core with that bug, and on one without; prints what the cases said, in order, as JSON.

interface Suite {
  readonly facadeCases: readonly ConformanceCase[]
  runCase(one: ConformanceCase, subject: Subject): Promise<void>
}

// What hangs because of a bug hangs this long.
const patienceMs = 3_000
const atOnce = 8

plantOnImport(caseBugs)
const names = [...new Set(caseBugs.map(({ foundBy }) => foundBy))]
// First, and alone: a bug may make its core spin.
const good = new Map(await all(names, async (name) => [name, await tried('none', name, 10 * patienceMs)] as const))
const found = await all([...caseBugs.keys()], (index) =>
  tried(String(index), (caseBugs[index] as CaseBug).foundBy, patienceMs),
)
const verdicts = caseBugs.map(({ foundBy }, index): Verdict => ({ found: found[index], good: good.get(foundBy) }))
// A bug may have left anything behind.
process.stdout.write(JSON.stringify(verdicts), () => process.exit())

/** Some at once. */
async function all<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const [queue, results] = [[...items.entries()], [] as Result[]]
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

async function tried(mark: string, name: string, patience: number): Promise<string | undefined> {
  const load = (specifier: string): Promise<unknown> => import(planted(import.meta.resolve(specifier), mark))
  const { facadeCases, runCase } = (await load('@bus/core/conformance')) as Suite
  const { InMemoryAdapter: Adapter } = (await load('@bus/adapter-memory')) as {
    readonly InMemoryAdapter: typeof InMemoryAdapter
  }
  const one = facadeCases.find((known) => known.name.startsWith(name))
  if (one === undefined) throw new Error(`There is no case "${name}…"`)
  const facts = { durable: false, shared: false, delays: true, countsRedeliveries: 'none', forwards: true } as const
  const subject: Subject = {
    name: 'memory',
    facts: { ...facts, remote: false },
    create: () => new Adapter(),
    patienceMs: patience,
  }
  try {
    await runCase(one, subject)
    return undefined
  } catch (error) {
    return String(error)
  }
}
