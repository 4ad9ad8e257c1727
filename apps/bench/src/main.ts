import { parseArgs } from 'node:util'
import { writePages } from './docs/write.ts'
import { aligned, describe, table, verdictLines } from './report.ts'
import { added, defaultFolder, forgetRuns, readResults, readRuns, type Results, writeResults } from './results.ts'
import { type Pace, run } from './run.ts'
import { growth, knobs, profiles } from './studies.ts'
import { type Summary, summarise } from './summary.ts'
import { type Assignment, type Backend, backends, standard } from './tasks.ts'
import { judge, targets } from './targets.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** How often all is measured that targets need; the rest is measured once. */
    runs: { type: 'string', default: '1' },
    /** How often each candidate is measured in a run; what is told is the median. */
    rounds: { type: 'string', default: '5' },
    /** How long one measurement takes, beside its warm-up. */
    seconds: { type: 'string', default: '1' },
    /** The most events of one measurement. */
    events: { type: 'string', default: '200000' },
    /** The events over which the growth of the heap is measured. */
    'heap-events': { type: 'string', default: '1000000' },
    /** After so long, a run measures what is left only once each. */
    minutes: { type: 'string', default: '25' },
    /** Only tasks whose names contain it. What is there of other tasks stays. */
    only: { type: 'string', default: '' },
    /** Measures nothing: holds what was measured last against the targets; fails where a must is not met. */
    targets: { type: 'boolean', default: false },
    /** Measures nothing: writes what was measured last into the documentation, with its charts. */
    docs: { type: 'boolean', default: false },
    /** Where the JSON goes. */
    out: { type: 'string', default: defaultFolder },
  },
})

const pace: Omit<Pace, 'until'> = {
  rounds: bounded('rounds', 1, 25),
  seconds: bounded('seconds', 0.05, 30),
  maxEvents: bounded('events', 20, 2_000_000),
  heapEvents: bounded('heap-events', 100, 5_000_000),
}

if (values.targets) checkTargets(await summaries())
else if (values.docs) await writePages(await summaries())
else await measureAll(bounded('runs', 1, 10))

async function measureAll(runs: number): Promise<void> {
  if (values.only === '') for (const backend of chosen()) await forgetRuns(values.out, backend)
  const minutes = bounded('minutes', 0, 10_000)
  for (let number = 1; number <= runs; number++) {
    const until = performance.now() + minutes * 60_000
    for (const backend of chosen()) {
      const results = await measureBackend(backend, number, until)
      console.log(table(summarise([results])))
      for (const failure of results.failures) console.log(`failed: ${failure}`)
      // A peer that fails has no figure; ours must not fail.
      if (results.failures.some((failure) => failure.includes(', bus: '))) process.exitCode = 1
    }
  }
}

async function measureBackend(backend: Backend, number: number, until: number): Promise<Results> {
  const all = assignmentsOf(backend, number)
  const before = values.only === '' ? undefined : await readResults(values.out, number, backend)
  return run(
    backend,
    all.filter(({ name }) => name.includes(values.only)),
    { ...pace, until },
    (results) => writeResults(values.out, number, before === undefined ? results : added(results, before, all)),
  )
}

function assignmentsOf(backend: Backend, number: number): readonly Assignment[] {
  const once = number === 1 ? [profiles, growth, knobs] : []
  return [...standard[backend], ...once.flatMap((study) => study(backend))]
}

/** Of the backends that were measured. */
async function summaries(): Promise<Summary[]> {
  const found: Summary[] = []
  for (const backend of chosen()) {
    const [first, ...others] = await readRuns(values.out, backend)
    if (first !== undefined) found.push(summarise([first, ...others]))
  }
  return found
}

function checkTargets(all: readonly Summary[]): void {
  const wanted = chosen()
  const verdicts = targets.filter(({ backend }) => wanted.includes(backend)).map((target) => judge(target, all))
  console.log(aligned(verdictLines(verdicts)))
  for (const summary of all) console.log(`${summary.backend}: ${describe(summary)}`)
  if (verdicts.some(({ must }) => !must)) process.exitCode = 1
}

function chosen(): Backend[] {
  const unknown = positionals.find((name) => !(backends as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Error(`There is no backend "${unknown}". Choose among ${backends.join(', ')}.`)
  return backends.filter((backend) => positionals.length === 0 || positionals.includes(backend))
}

type Bounds = Pick<typeof values, 'runs' | 'rounds' | 'seconds' | 'events' | 'heap-events' | 'minutes'>

function bounded(name: keyof Bounds, least: number, most: number): number {
  const value = Number(values[name])
  if (value >= least && value <= most) return value
  throw new Error(`--${name} is "${values[name]}"; expected a number from ${least} to ${most}.`)
}
