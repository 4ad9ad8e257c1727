import type { Fact } from './fact.ts'

/**
 * What a consumer group did out of order: for each customer it must start orders in the order in which they were
 * placed, and only one at a time. After a crash it may go back to what it had started before; it may never skip.
 * `strict`: each order follows its predecessor directly; otherwise some of them may be missing.
 */
export function outOfOrder(
  facts: readonly Fact[],
  number: (orderId: string) => number,
  strict: boolean,
  crashed: boolean,
): string[] {
  const problems: string[] = []
  const highest = new Map<string, number>()
  for (const { customer = '', orderId = '', service } of facts.toSorted((a, b) => a.at - b.at)) {
    const last = highest.get(customer) ?? 0
    const current = number(orderId)
    const skipped = strict && current > last + 1
    const wentBack = current < last && !crashed
    if (skipped || wentBack) {
      problems.push(`${service} started ${orderId}, number ${current} of ${customer}, after number ${last}`)
    }
    highest.set(customer, Math.max(last, current))
  }
  return problems
}
