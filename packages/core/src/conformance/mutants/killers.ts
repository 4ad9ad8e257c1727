import { inapplicable, type ConformanceCase } from '../case.ts'
import { runCase } from '../run-case.ts'
import type { Subject } from '../subject.ts'
import { CaseContext } from '../support/context.ts'
import { within } from '../support/deadline.ts'
import type { Mutant } from './mutant.ts'

/** A case that rejected a mutant. */
export interface Killer {
  readonly name: string
  readonly error: unknown
}

/**
 * Runs all cases that apply against a mutant of the subject's adapter, at the same time, and resolves with those that
 * failed: none means that the suite would let such an adapter pass. Give the subject little patience.
 */
export async function killersOf(
  mutant: Pick<Mutant, 'make'>,
  subject: Subject,
  cases: readonly ConformanceCase[],
): Promise<Killer[]> {
  const applicable = cases.filter((one) => inapplicable(one, subject.facts) === undefined)
  const killers = await Promise.all(applicable.map((one) => tryOn(mutant, subject, one)))
  return killers.filter((killer) => killer !== undefined)
}

/** The same, one case after the other, up to the first that rejects the mutant. */
export async function firstKillerOf(
  mutant: Pick<Mutant, 'make'>,
  subject: Subject,
  cases: readonly ConformanceCase[],
): Promise<Killer | undefined> {
  for (const one of cases) {
    if (inapplicable(one, subject.facts) !== undefined) continue
    const killer = await tryOn(mutant, subject, one)
    if (killer !== undefined) return killer
  }
  return undefined
}

async function tryOn(
  { make }: Pick<Mutant, 'make'>,
  subject: Subject,
  one: ConformanceCase,
): Promise<Killer | undefined> {
  const context = new CaseContext(subject, make)
  try {
    await runCase(one, subject, context)
    return undefined
  } catch (error) {
    return { name: one.name, error }
  } finally {
    await within(context.patienceMs, 'Closing', context.closeUnbroken()).catch(() => undefined)
  }
}
