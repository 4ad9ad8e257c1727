import { parseArgs } from 'node:util'
import { writePages } from './docs/write.ts'
import { aligned, describe, table, verdictLines } from './report.ts'
import { added, defaultFolder, forgetRuns, readResults, readRuns, writeResults } from './results.ts'
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
    /** Of a run and of what is measured once beside it: after so long, what is left has one round. */
    minutes: { type: 'string', default: '28' },
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

/** What targets need comes first, on all backends: whatever cuts this short, or makes it hurry, takes the rest. */
async function measureAll(runs: number): Promise<void> {
  const minutes = bounded('minutes', 0, 10_000)
  if (values.only === '') for (const backend of chosen()) await forgetRuns(values.out, backend)
  for (let number = 1; number <= runs; number++)
    await measurePass(number, (backend) => standard[backend], minutes * 0.6)
  await measurePass(1, studies, minutes * 0.4)
}

async function measurePass(number: number, tasksOf: Tasks, minutes: number): Promise<void> {
  const until = performance.now() + minutes * 60_000
  for (const backend of chosen()) {
    const wanted = tasksOf(backend).filter(({ name }) => name.includes(values.only))
    if (wanted.length === 0) continue
    const before = await readResults(values.out, number, backend)
    const order = [...standard[backend], ...studies(backend)]
    const results = await run(backend, wanted, { ...pace, until }, (soFar) =>
      writeResults(values.out, number, before === undefined ? soFar : added(soFar, before, order)),
    )
    console.log(table(summarise([results])))
    for (const failure of results.failures) console.log(`failed: ${failure}`)
    // A peer that fails has no figure; ours must not fail.
    if (results.failures.some((failure) => failure.includes(', bus: '))) process.exitCode = 1
  }
}

type Tasks = (backend: Backend) => readonly Assignment[]

function studies(backend: Backend): readonly Assignment[] {
  return [profiles, growth, knobs].flatMap((study) => study(backend))
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
