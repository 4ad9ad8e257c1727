import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommitNote, decodeNote, encodeNote, nothingNoted } from '../src/consume/commit-metadata.ts'
import { Deaths } from '../src/consume/deaths.ts'

const offset = fc.nat(1_000_000)

const note: fc.Arbitrary<CommitNote> = fc.record({
  starts: fc.nat(9),
  alone: fc.boolean(),
  reach: fc.option(offset, { nil: undefined }),
  done: fc.array(fc.tuple(offset, fc.nat(500)).map(([first, more]) => [first, first + more] as const)),
  notes: fc.array(fc.tuple(offset, fc.string({ unit: 'grapheme' }))),
})

describe('what travels with a committed offset', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(offset, note, (base, given) => {
        const shifted: CommitNote = {
          ...given,
          reach: given.reach === undefined ? undefined : base + given.reach,
          done: given.done.map(([first, last]) => [base + first, base + last] as const),
          notes: given.notes.map(([at, text]) => [base + at, text] as const),
        }
        const { starts, alone, done, notes } = decodeNote(base, encodeNote(base, shifted, 1_000_000))
        expect({ starts, done, notes }).toEqual({ starts: given.starts, done: shifted.done, notes: shifted.notes })
        expect(alone).toBe(given.starts > 0 && given.alone)
      }),
    )
  })

  it('never is larger than brokers take; the lowest notes come first', () => {
    fc.assert(
      fc.property(note, fc.integer({ min: 50, max: 4000 }), (given, max) => {
        const text = encodeNote(0, given, max)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(max)
        const kept = decodeNote(0, text)
        expect(kept.notes).toEqual(given.notes.slice(0, kept.notes.length))
        expect(kept.starts).toBe(given.starts)
      }),
    )
  })

  it('tells of what is done far beyond the lowest that is not, however scattered it is', () => {
    const runs = fc
      .array(fc.tuple(fc.integer({ min: 2, max: 6 }), fc.nat(2)), { minLength: 1, maxLength: 2_000 })
      .map((steps) => {
        let at = 1_000
        return steps.map(([gap, more]) => [(at += gap), (at += more)] as const)
      })
    fc.assert(
      fc.property(runs, (done) => {
        const text = encodeNote(1_000, { ...nothingNoted, done }, 4_000)
        expect(text.length).toBeLessThanOrEqual(4_000)
        expect(decodeNote(1_000, text).done).toEqual(done)
      }),
    )
  })

  it('names the record that starts are counted for, if it is not the lowest', () => {
    const marked = { ...nothingNoted, starts: 2, mark: 9 }
    expect(decodeNote(5, encodeNote(5, marked, 100))).toMatchObject({ starts: 2, mark: 9 })
    expect(decodeNote(5, encodeNote(5, { ...marked, mark: 5 }, 100)).mark).toBeUndefined()
  })

  it.each(['', 'from another client', '{', '{"r":"x","d":5,"n":[[1]]}', '[]'])('ignores %j', (text) => {
    expect(decodeNote(7, text)).toEqual(nothingNoted)
  })
})

describe('counting deaths', () => {
  it('counts for the record at the committed offset only', () => {
    const deaths = new Deaths(5, { ...nothingNoted, starts: 3, reach: 9 })
    expect([deaths.of(4), deaths.of(5), deaths.of(6)]).toEqual([0, 3, 0])
  })

  it('is careful after two deaths, as far as records were on loan', () => {
    const once = new Deaths(5, { ...nothingNoted, starts: 1, reach: 9 })
    expect([once.careful(5), once.cautious(5), once.cautious(6)]).toEqual([false, true, false])
    const twice = new Deaths(5, { ...nothingNoted, starts: 2, reach: 9 })
    expect([5, 9, 10].map((low) => twice.careful(low))).toEqual([true, true, false])
  })

  it('stays careful with the one that died alone', () => {
    const deaths = new Deaths(5, { ...nothingNoted, starts: 1, alone: true, reach: 9 })
    expect([5, 9, 10].map((low) => deaths.careful(low))).toEqual([true, true, false])
  })

  it('takes the start back when everything came to an orderly end', () => {
    const deaths = new Deaths(5, { ...nothingNoted, starts: 2, reach: 9 })
    expect(deaths.note(5, true, 1, 5).starts).toBe(3)
    expect(deaths.note(5, false, 0, 5).starts).toBe(2)
    expect(deaths.note(6, false, 0, 5).starts).toBe(0)
  })
})
