import type { LoanStream } from './loan-stream.ts'

/** What one consumer knows of the calls for a topic's partitions. */
export class Bell {
  last = '0-0'
  #number = -1

  /** Marks what may have something new. `false`: nothing of `streams` has. */
  rung(id: string, fields: readonly Buffer[], streams: readonly LoanStream[]): boolean {
    const [number, partitions] = read(fields)
    // Only the latest call is kept: after a gap it may have been for any of them.
    const missed = number !== this.#number + 1
    this.last = id
    this.#number = number
    let found = false
    for (const stream of streams) {
      if (!missed && !partitions.includes(stream.number - 1)) continue
      stream.hot = true
      found = true
    }
    return found
  }
}

function read(fields: readonly Buffer[]): [number: number, partitions: readonly number[]] {
  const [, number, , partitions] = fields
  if (number === undefined || partitions === undefined) return [Number.NaN, []]
  return [Number(number.toString('latin1')), partitions.toString('latin1').split(',').map(Number)]
}
