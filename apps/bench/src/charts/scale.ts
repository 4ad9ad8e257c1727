/** Where values stand on a logarithmic axis, and its marks: 1, 2 and 5 of each power of ten. */
export interface LogScale {
  at(value: number): number
  readonly marks: readonly number[]
}

/** From the mark below the least value, at `start`, to the one above the greatest, at `end`. */
export function logScale(values: readonly number[], start: number, end: number): LogScale {
  const steps = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const low = steps.findLast((step) => step <= least) ?? least
  const high = steps.find((step) => step > most) ?? most
  const span = Math.log(high / low)
  return {
    at: (value) => start + (Math.log(value / low) / span) * (end - start),
    marks: steps.filter((step) => step >= low && step <= high),
  }
}
