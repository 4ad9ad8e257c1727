import { readFileSync, writeFileSync } from 'node:fs'
import { readOutcomes } from './outcomes.ts'
import { adapters } from './promises.ts'
import { registeredCases } from './registered.ts'
import { missingOutcomes, tableOf, type Findings } from './table.ts'

const begin = '<!-- guarantees:begin -->'
const end = '<!-- guarantees:end -->'
const check = process.argv.includes('--check')

const findings: Findings = Object.fromEntries(
  Object.keys(adapters).map((adapter) => [adapter, Object.assign({}, ...Object.values(readOutcomes(adapter)))]),
)
const registered = registeredCases()
const problems: string[] = []

const missing = missingOutcomes(findings, registered)
if (missing.length > 0) {
  const shown = missing.slice(0, 5).join('\n  ')
  problems.push(`${missing.length} outcomes are missing; run all tests first:\n  ${shown}`)
} else {
  const table = tableOf(findings, registered)
  for (const name of ['README.md', 'docs/delivery.md']) {
    const file = new URL(`../../../${name}`, import.meta.url)
    const text = readFileSync(file, 'utf8')
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) problems.push(`${name} has no "${begin}" and "${end}".`)
    else {
      const current = `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`
      if (current !== text && check) problems.push(`${name} is stale: run "pnpm guarantees" and commit it.`)
      else if (current !== text) writeFileSync(file, current)
    }
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.exitCode = problems.length > 0 ? 1 : 0
