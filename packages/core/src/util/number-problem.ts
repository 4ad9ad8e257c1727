/** What is wrong with an option that must be a number from `min` to `max`; `undefined`: nothing. */
export function numberProblem(
  value: unknown,
  min: number,
  whole: boolean = true,
  max: number = Number.POSITIVE_INFINITY,
): string | undefined {
  if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return undefined
  const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
  return `${String(value)} is not a ${whole ? 'whole ' : ''}number ${range}`
}
