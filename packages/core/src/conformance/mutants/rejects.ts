import assert from 'node:assert/strict'
import { inapplicable, type ConformanceCase } from '../case.ts'
import { facadeCases } from '../cases/facade/index.ts'
import { faultCases } from '../cases/faults/index.ts'
import { spiCases } from '../cases/index.ts'
import { runCase } from '../run-case.ts'
import type { Runner, Subject } from '../subject.ts'
import { assertFacts } from '../support/facts.ts'
import { mutants } from './index.ts'
import { firstKillerOf } from './killers.ts'
import type { Mutant } from './mutant.ts'

const allCases: readonly ConformanceCase[] = [...spiCases, ...facadeCases, ...faultCases]

/**
 * Registers that the suite rejects every mutant of the subject's adapter: each of them is run against the cases known
 * to reject it, until the first one does; the good adapter passes the same cases. Give the subject little patience, and
 * the runner a time limit of ten times that. The table fills while the tests run: mutant, and the case that rejected it,
 * or why it cannot be made.
 */
export function rejectsMutants(runner: Runner, subject: Subject): ReadonlyMap<string, string> {
  const table = new Map<string, string>()
  const { describe, it, alone = it } = runner
  describe(`${subject.name}: the suite rejects adapters that are broken on purpose`, () => {
    for (const mutant of mutants) {
      const fact = inapplicable(mutant, subject.facts)
      if (fact === undefined) {
        const cases = knownKillers(mutant).filter((one) => inapplicable(one, subject.facts) === undefined)
        const register = cases.some(({ tier }) => tier === 'faults') ? alone : it
        register(`rejects one that ${mutant.name}`, async () => {
          const killer = await firstKillerOf(mutant, subject, cases)
          assert.ok(killer, `None of the cases that are known to reject it did: ${mutant.killedBy.join('; ')}`)
          table.set(mutant.name, killer.name)
        })
      } else {
        table.set(mutant.name, `cannot be made: ${fact}`)
        const name = `one that ${mutant.name} [cannot be made: ${fact}]`
        it(name, () =>
          runCase({ name, run: async (context) => assertFacts(context, await context.adapter()) }, subject),
        )
      }
    }
  })
  describe(`${subject.name}: the good adapter passes what rejects the others`, () => {
    for (const one of new Set(mutants.flatMap(knownKillers))) {
      if (inapplicable(one, subject.facts) !== undefined) continue
      const register = one.tier === 'faults' ? alone : it
      register(one.name, () => runCase(one, subject))
    }
  })
  return table
}

/** @throws AssertionError if there is no case of such a name. */
export function knownKillers({ name, killedBy }: Mutant): ConformanceCase[] {
  assert.ok(killedBy.length > 0, `No case is known to reject one that ${name}.`)
  return killedBy.map((killer) => {
    const found = allCases.find((one) => one.name === killer)
    assert.ok(found, `There is no case "${killer}", which is to reject one that ${name}.`)
    return found
  })
}
