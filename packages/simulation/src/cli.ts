import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { drawPlan } from './plan/draw-plan.ts'
import type { Plan } from './plan/plan.ts'
import { campaign } from './run/campaign.ts'
import { type Finding, shrunk } from './run/finding.ts'
import { summary } from './run/shrink.ts'
import { simulate } from './run/simulate.ts'

const usage = `
pnpm simulate [--schedules N] [--seed N] [--workers N] [--findings N]   many schedules, from a seed on (default 10,000 from 1)
pnpm simulate --seed N --trace                                          one schedule, with everything that happens in it
pnpm simulate --seed N --trace --shrink                                 the same after it was made as small as it fails
`

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string' },
    findings: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function number(name: 'schedules' | 'seed' | 'workers' | 'findings', fallback: number): number {
  const text = values[name]
  const value = text === undefined ? fallback : Number(text.replaceAll(/[_,]/g, ''))
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is no whole number: ${text}`)
  return value
}

async function one(seed: number): Promise<boolean> {
  let plan: Plan = drawPlan(seed)
  const first = await simulate(plan)
  if (values.shrink && first.violation !== undefined) plan = await shrunk({ seed, ...first.violation })
  if (values.trace) print(JSON.stringify(plan, undefined, 2))
  const { violation, steps } = await simulate(plan, values.trace ? print : undefined)
  print(
    violation === undefined ? `seed ${seed}: every promise was kept in ${steps} steps` : told({ seed, ...violation }),
  )
  return violation === undefined
}

async function many(first: number, schedules: number): Promise<boolean> {
  const started = performance.now()
  const progress = (done: number): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${schedules}`)
  }
  const workers = number('workers', availableParallelism())
  const { findings, done, steps } = await campaign({
    first,
    schedules,
    workers,
    mostFindings: number('findings', 1),
    progress,
  })
  const seconds = (performance.now() - started) / 1_000
  if (process.stderr.isTTY) process.stderr.write('\r')
  for (const finding of findings) {
    print(told(finding))
    print(`  shrunk: ${summary(await shrunk(finding))}`)
    print(`  replay: pnpm simulate --seed ${finding.seed} --trace [--shrink]`)
  }
  print(
    `${done} schedules from seed ${first}, ${steps} steps, ${findings.length} broke a promise; ` +
      `${seconds.toFixed(1)} s, ${Math.round(done / seconds)} schedules per second`,
  )
  return findings.length === 0
}

function told({ seed, invariant, detail }: Finding): string {
  return `seed ${seed} broke "${invariant}": ${detail}`
}

if (values.help) {
  print(usage)
} else {
  const single = values.seed !== undefined && values.schedules === undefined
  const kept = single ? await one(number('seed', 1)) : await many(number('seed', 1), number('schedules', 10_000))
  process.exitCode = kept ? 0 : 1
}
