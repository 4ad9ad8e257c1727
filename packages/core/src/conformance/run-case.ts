import type { ConformanceCase } from './case.ts'
import type { Subject } from './subject.ts'
import { CaseContext } from './support/context.ts'
import { within } from './support/deadline.ts'

/** Runs one case against adapters of its own. Rejects if the promise does not hold, or nothing came in time. */
export async function runCase(
  one: Pick<ConformanceCase, 'name' | 'run'>,
  subject: Subject,
  context: CaseContext = new CaseContext(subject),
): Promise<void> {
  try {
    await within(3 * context.patienceMs, `The case "${one.name}"`, one.run(context))
  } catch (error) {
    context.stop()
    // The first failure is the one to report.
    await within(context.patienceMs, 'Closing the adapters', context.close()).catch(() => undefined)
    throw error
  }
  context.stop()
  await within(context.patienceMs, 'Closing the adapters', context.close())
}

/** Runs `times` of them at once, each with its own topics. */
export async function runRepeatedly(
  one: Pick<ConformanceCase, 'name' | 'run'>,
  subject: Subject,
  times: number,
): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, () => runCase(one, subject)))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
