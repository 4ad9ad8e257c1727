export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** Linear between the two values that stand around it. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = ((sorted.length - 1) * percent) / 100
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  if (below === undefined || above === undefined) throw new Error('There is no median of nothing.')
  return below + (above - below) * (place - Math.floor(place))
}
