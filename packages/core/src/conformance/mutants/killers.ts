import { inapplicable, type ConformanceCase } from '../case.ts'
import { runCase } from '../run-case.ts'
import type { Subject } from '../subject.ts'
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
  { make }: Pick<Mutant, 'make'>,
  subject: Subject,
  cases: readonly ConformanceCase[],
): Promise<Killer[]> {
  const broken: Subject = { ...subject, create: async () => make(await subject.create()) }
  const killers: Killer[] = []
  const run = async (one: ConformanceCase): Promise<void> => {
    try {
      await runCase(one, broken)
    } catch (error) {
      killers.push({ name: one.name, error })
    }
  }
  await Promise.all(cases.filter((one) => inapplicable(one, subject.facts) === undefined).map(run))
  return killers
}
