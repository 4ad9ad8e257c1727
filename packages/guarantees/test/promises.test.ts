import { expect, it } from 'vitest'
import { promises } from '../src/promises.ts'
import { registeredCases } from '../src/registered.ts'
import { missingOutcomes, tableOf } from '../src/table.ts'

const known = registeredCases()

it('names, for every promise, cases that exist', () => {
  const unknown = promises.flatMap(({ cases }) => cases.filter((name) => !known.has(name)))
  expect(unknown).toEqual([])
})

it('says what was found, and not more', () => {
  const name = 'a pull never returns more than it was asked for'
  const findings = {
    memory: { [name]: 'passed' },
    redis: { [name]: { fact: 'x is false' } },
    kafka: { [name]: 'failed' },
  } as const
  const row = tableOf(findings, new Set([name]))
    .split('\n')
    .find((line) => line.includes('Slow handlers'))
  expect(row).toMatch(/\| in part; `publish\(\)` rejects.* \| not applicable \(x is false\) +\| \*\*failed\*\* +\|$/)
})

it('misses what was not run', () => {
  const registered = registeredCases()
  expect(registered.size).toBeGreaterThan(50)
  expect(missingOutcomes({}, registered).length).toBe(3 * registered.size)
})
