import { parseArgs } from 'node:util'
import { describe, table, verdictTable } from './report.ts'
import { defaultFolder, readResults, writeResults } from './results.ts'
import { run } from './run.ts'
import { type Backend, backends, growth, standard } from './tasks.ts'
import { judge, targets } from './targets.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** How often each candidate is measured; what is told is the median. */
    rounds: { type: 'string', default: '5' },
    /** How long one measurement takes, beside its warm-up. */
    seconds: { type: 'string', default: '1' },
    /** The most events of one measurement. */
    events: { type: 'string', default: '200000' },
    /** The events over which the growth of the heap is measured. */
    'heap-events': { type: 'string', default: '1000000' },
    /** Only tasks whose names contain it. */
    only: { type: 'string', default: '' },
    growth: { type: 'boolean', default: false },
    /** Measures nothing: holds what was measured last against the targets; fails where a must is not met. */
    targets: { type: 'boolean', default: false },
    /** Where the JSON goes. */
    out: { type: 'string', default: defaultFolder },
  },
})

const pace = {
  rounds: bounded('rounds', 1, 25),
  seconds: bounded('seconds', 0.05, 30),
  maxEvents: bounded('events', 20, 2_000_000),
  heapEvents: bounded('heap-events', 100, 5_000_000),
}

if (values.targets) await checkTargets()
else await measureAll()

async function measureAll(): Promise<void> {
  for (const backend of chosen()) {
    const assignments = [...standard[backend], ...(values.growth ? growth(backend) : [])]
    const results = await run(
      backend,
      assignments.filter(({ name }) => name.includes(values.only)),
      pace,
    )
    console.log(table(results))
    await writeResults(values.out, results)
  }
}

async function checkTargets(): Promise<void> {
  const all = await readResults(values.out)
  const wanted = chosen()
  const verdicts = targets.filter(({ backend }) => wanted.includes(backend)).map((target) => judge(target, all))
  console.log(verdictTable(verdicts))
  for (const results of all) console.log(`${results.backend}: ${describe(results)}`)
  if (verdicts.some(({ must }) => !must)) process.exitCode = 1
}

function chosen(): Backend[] {
  const unknown = positionals.find((name) => !(backends as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Error(`There is no backend "${unknown}". Choose among ${backends.join(', ')}.`)
  return backends.filter((backend) => positionals.length === 0 || positionals.includes(backend))
}

function bounded(name: 'rounds' | 'seconds' | 'events' | 'heap-events', least: number, most: number): number {
  const value = Number(values[name])
  if (value >= least && value <= most) return value
  throw new Error(`--${name} is "${values[name]}"; expected a number from ${least} to ${most}.`)
}
