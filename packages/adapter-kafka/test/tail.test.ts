import { describe, expect, it } from 'vitest'
import { Slot } from '../src/consume/offset-tracker.ts'
import { keptBack } from '../src/consume/tail.ts'

const minute = 60_000
const now = 1_000_000_000

interface Early {
  readonly dueIn?: number
  readonly waitsFor?: number
  readonly age?: number
}

function early(offset: number, { dueIn = 60 * minute, waitsFor = 0, age = waitsFor }: Early = {}): Slot {
  const slot = new Slot(offset, { offset: `${offset}`, timestamp: `${now - age}`, key: null, value: null, headers: {} })
  slot.early = { due: now + dueIn, since: now - waitsFor, waits: true, moves: false }
  return slot
}

function done(first: number, last: number): Slot {
  const slot = new Slot(first, undefined)
  slot.end = last
  return slot
}

function offsetsOf(slots: readonly Slot[]): readonly number[] {
  return keptBack(slots, now).map(({ offset }) => offset)
}

describe('what waits for its time and is in the way of what is done behind it', () => {
  it('is left alone for a minute, and then moved', () => {
    expect(offsetsOf([early(1), done(2, 5)])).toEqual([])
    expect(offsetsOf([early(1, { waitsFor: 2 * minute }), done(2, 5), early(6)])).toEqual([1])
  })

  it('is left alone as long as it is more than what it is in the way of', () => {
    const long = { waitsFor: 2 * minute }
    expect(offsetsOf([early(1, long), early(2, long), early(3, long), done(4, 5)])).toEqual([])
    expect(offsetsOf([early(1, long), early(2, long), early(3, long), done(4, 6)])).toEqual([1, 2, 3])
    expect(offsetsOf([early(1, long), early(2, long)])).toEqual([])
  })

  it('is left alone if it is due soon', () => {
    expect(offsetsOf([early(1, { waitsFor: 2 * minute, dueIn: 1_000 }), done(2, 5)])).toEqual([])
  })

  it('is moved at once if what is done reaches so far that it could not be told', () => {
    expect(offsetsOf([early(1), done(2, 20_000), early(20_001)])).toEqual([1])
  })

  it('is moved after a day in any case: logs are not kept for ever', () => {
    expect(offsetsOf([early(1, { age: 25 * 60 * minute }), early(2)])).toEqual([1])
  })
})
