import { describe, expect, it } from 'vitest'
import { partitionOf } from '../src/topics/partition.ts'
import { compareIds, lastIdBefore, lastIdUpTo, placeOf, positionOf } from '../src/topics/position.ts'

interface Place {
  readonly ms: bigint
  readonly sequence: bigint
  readonly stream: number
}

const places: Place[] = [0n, 1n, 999n, 1_700_000_000_000n, 1_700_000_000_001n, 99_999_999_999_999n].flatMap((ms) =>
  [0n, 9n, 10n, 999_999n, 1_000_000n, 18_446_744_073_709_551_615n].flatMap((sequence) =>
    [0, 1, 16, 256].map((stream) => ({ ms, sequence, stream })),
  ),
)

function order(a: Place, b: Place): number {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1
  return a.stream - b.stream
}

const idOf = ({ ms, sequence }: Place): string => `${ms}-${sequence}`

describe('positions', () => {
  it('are ordered by plain text as the merged streams are', () => {
    const positions = places.map((place) => positionOf(idOf(place), place.stream))
    expect(positions.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      places.toSorted(order).map((place) => positionOf(idOf(place), place.stream)),
    )
  })

  it('are read back as they were written', () => {
    for (const place of places) {
      const { ms, sequence, stream } = placeOf(positionOf(idOf(place), place.stream), 'after')
      expect({ ms: BigInt(ms), sequence, stream }).toEqual(place)
    }
  })

  it('stand for the last id of each stream that does not come after them', () => {
    const place = { ms: 1_700_000_000_000, sequence: 5n, stream: 3 }
    expect([0, 3, 4].map((stream) => lastIdUpTo(place, stream))).toEqual([
      '1700000000000-5',
      '1700000000000-5',
      '1700000000000-4',
    ])
    expect(lastIdBefore(1_700_000_000_000)).toBe('1699999999999-18446744073709551615')
    expect(lastIdBefore(0)).toBe('0-0')
  })

  it('and ids agree in their order', () => {
    for (const a of places) {
      for (const b of places) {
        const expected = Math.sign(order({ ...a, stream: 0 }, { ...b, stream: 0 }))
        expect(Math.sign(compareIds(idOf(a), idOf(b)))).toBe(expected)
      }
    }
  })
})

describe('the partition of a key', () => {
  it('never changes: it is part of what is stored', () => {
    expect(['a', 'order-1', 'käse', '日本', ' '].map((key) => partitionOf(key, 16))).toMatchInlineSnapshot(`
      [
        0,
        2,
        15,
        7,
        3,
      ]
    `)
  })

  it('is spread evenly', () => {
    const counts = Array.from({ length: 16 }, () => 0)
    for (let number = 0; number < 16_000; number++) {
      const partition = partitionOf(`order-${number}`, 16)
      counts[partition] = (counts[partition] ?? 0) + 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(700)
    expect(Math.max(...counts)).toBeLessThan(1_300)
  })
})
