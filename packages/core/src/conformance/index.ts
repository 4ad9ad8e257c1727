import { inapplicable, type ConformanceCase, type Tier } from './case.ts'
import { facadeCases } from './cases/facade/index.ts'
import { faultCases } from './cases/faults/index.ts'
import { spiCases } from './cases/index.ts'
import { runCase, runRepeatedly } from './run-case.ts'
import type { Runner, Subject } from './subject.ts'
import { assertFacts } from './support/facts.ts'

export { inapplicable } from './case.ts'
export type { ConformanceCase, Needs, Tier } from './case.ts'
export { facadeCases } from './cases/facade/index.ts'
export { faultCases } from './cases/faults/index.ts'
export { spiCases } from './cases/index.ts'
export { idempotencyCasesOn } from './cases/facade/idempotency.ts'
export { idempotencyStoreConformance } from './idempotency-store.ts'
export { firstKillerOf, killersOf } from './mutants/killers.ts'
export type { Killer } from './mutants/killers.ts'
export { mutants } from './mutants/index.ts'
export type { Mutant } from './mutants/mutant.ts'
export { knownKillers, rejectsMutants } from './mutants/rejects.ts'
export { runCase } from './run-case.ts'
export type { Facts, PrivateBackend, Runner, Subject } from './subject.ts'
export { CaseContext } from './support/context.ts'
export type { ConsumeChoice } from './support/context.ts'
export { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from './support/decorate.ts'
export { faultyAdapter } from './support/faulty-adapter.ts'
export type { Faults } from './support/faulty-adapter.ts'
export { memberProcess } from './support/member-process.ts'

const allCases: readonly ConformanceCase[] = [...spiCases, ...facadeCases, ...faultCases]

const titles: Readonly<Record<Tier, string>> = {
  spi: 'the adapter keeps the promises of its interface',
  facade: 'the bus keeps its promises on this adapter',
  faults: 'the promises hold while servers and processes die',
}

/**
 * Registers the suite that every adapter must pass, with the functions of any test runner:
 * `conformance({ describe, it }, { name, facts, create })`.
 *
 * Each case has topics and adapters of its own, so that cases may run at the same time. With `BUS_TEST_REPEAT=N` in the
 * environment each of them runs N times at once, those that break a server N times in a row. Give the runner a time
 * limit of at least three times {@link Subject.patienceMs}.
 */
export function conformance(runner: Runner, subject: Subject, cases: readonly ConformanceCase[] = allCases): void {
  for (const tier of Object.keys(titles) as Tier[]) {
    const ofTier = cases.filter((one) => one.tier === tier)
    if (ofTier.length === 0) continue
    runner.describe(`${subject.name}: ${titles[tier]}`, () => {
      for (const one of ofTier) register(runner, subject, one)
    })
  }
}

function register({ it, alone = it }: Runner, subject: Subject, one: ConformanceCase): void {
  const fact = inapplicable(one, subject.facts)
  if (fact === undefined) {
    const times = repetitions()
    if (one.tier !== 'faults') return void it(one.name, () => runRepeatedly(one, subject, times))
    // What breaks a server can not be done twice at once.
    for (let round = 1; round <= times; round++)
      alone(times === 1 ? one.name : `${one.name} (${round} of ${times})`, () => runCase(one, subject))
    return
  }
  // Never silently: the report names the case and the fact, and the fact is put to the test.
  const name = `${one.name} [does not apply: ${fact}]`
  it(name, () =>
    runRepeatedly({ name, run: async (context) => assertFacts(context, await context.adapter()) }, subject, 1),
  )
}

function repetitions(): number {
  const value = Number(process.env['BUS_TEST_REPEAT'] ?? '')
  return Number.isInteger(value) && value > 0 ? value : 1
}
