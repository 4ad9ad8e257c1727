import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Loan } from '../src/consume/loan.ts'
import { OffsetTracker, Slot } from '../src/consume/offset-tracker.ts'
import type { LogRecord } from '../src/driver/driver.ts'

const record: LogRecord = { offset: '0', timestamp: '0', key: null, value: null, headers: {} }

type Step =
  | { readonly do: 'add'; readonly gap: number; readonly kind: 'done' | 'early' | 'ready' }
  | { readonly do: 'take' }
  | { readonly do: 'settle'; readonly which: number }
  | { readonly do: 'giveBack'; readonly which: number }
  /** Of one that came early: its time comes, or a copy takes its place, which succeeds or does not. */
  | { readonly do: 'due' | 'move' | 'moveInVain'; readonly which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      gap: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom('done', 'early', 'ready', 'ready'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('giveBack' as const), which: fc.nat(1000) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('due', 'due', 'move', 'moveInVain'), which: fc.nat(1000) }),
  },
)

/** Everything the tracker says, worked out the slow way. */
class Model {
  readonly all: { readonly offset: number; done: boolean; lent: boolean; early: boolean }[] = []

  get low(): number | undefined {
    return this.all.find(({ done }) => !done)?.offset
  }

  get next(): number | undefined {
    return this.all.find(({ done, lent, early }) => !done && !lent && !early)?.offset
  }

  get lowDue(): number | undefined {
    return this.all.find(({ done, early }) => !done && !early)?.offset
  }
}

describe('the offset tracker', () => {
  it('never passes over what is open, whatever is done in whatever order, and lends in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const tracker = new OffsetTracker()
        const model = new Model()
        const lent: Slot[] = []
        const early: Slot[] = []
        let offset = 10
        for (const one of steps) {
          if (one.do === 'add') {
            offset += one.gap
            const slot = new Slot(offset, one.kind === 'done' ? undefined : record)
            if (one.kind === 'early') {
              slot.early = { due: 0, since: 0, waits: true, moves: false }
              early.push(slot)
            }
            tracker.add(slot)
            model.all.push({ offset, done: one.kind === 'done', lent: false, early: one.kind === 'early' })
          } else if (one.do === 'due' || one.do === 'move' || one.do === 'moveInVain') {
            const at = early.length === 0 ? 0 : one.which % early.length
            const slot = early[at]
            const known = model.all.find((entry) => entry.offset === slot?.offset)
            if (slot === undefined || known === undefined) continue
            if (one.do === 'due') tracker.due(slot)
            else {
              tracker.takeEarly(slot)
              if (one.do === 'move') tracker.settle(slot)
              else tracker.giveBackEarly(slot)
            }
            known.early = one.do === 'moveInVain'
            known.done = one.do === 'move'
            if (!known.early) early.splice(at, 1)
          } else if (one.do === 'take') {
            const expected = model.next
            const slot = tracker.take()
            expect(slot?.offset).toBe(expected)
            if (slot === undefined) continue
            slot.loan = {} as Loan
            lent.push(slot)
            const known = model.all.find((entry) => entry.offset === expected)
            if (known !== undefined) known.lent = true
          } else if (lent.length > 0) {
            const [slot] = lent.splice(one.which % lent.length, 1) as [Slot]
            const known = model.all.find((entry) => entry.offset === slot.offset)
            slot.loan = undefined
            if (known !== undefined) known.lent = false
            if (one.do === 'giveBack') tracker.giveBack(slot)
            else {
              tracker.settle(slot)
              if (known !== undefined) known.done = true
            }
          }
          expect(tracker.low()).toBe(model.low)
          expect(tracker.lent).toBe(model.all.filter((entry) => entry.lent).length)
          expect(tracker.lowDue()).toBe(model.lowDue)
          expect(tracker.early).toBe(early.length)
          const waiting = model.all.filter((entry) => !entry.done && !entry.lent && !entry.early)
          expect(tracker.waiting).toBe(waiting.length)
          expect([...tracker.open()].map((slot) => slot.offset)).toEqual(
            model.all.filter((entry) => entry.lent).map((entry) => entry.offset),
          )
          const runs = tracker.doneRuns(1000)
          const within = (at: number): boolean => runs.some(([first, last]) => first <= at && at <= last)
          for (const entry of model.all) {
            if (model.low !== undefined && entry.offset > model.low) expect(within(entry.offset)).toBe(entry.done)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('does not grow with what is done behind one that is not', () => {
    const tracker = new OffsetTracker()
    for (let offset = 0; offset < 100_000; offset++) {
      tracker.add(new Slot(offset, record))
      const slot = tracker.take() as Slot
      if (offset > 0) tracker.settle(slot)
    }
    expect(tracker.low()).toBe(0)
    expect(tracker.doneRuns(10)).toEqual([[1, 99_999]])
  })

  it('goes on where it was when it forgets what is done', () => {
    const tracker = new OffsetTracker()
    for (let offset = 0; offset < 2_000; offset++) tracker.add(new Slot(offset, record))
    for (let offset = 0; offset < 1_500; offset++) {
      const slot = tracker.take() as Slot
      expect(slot.offset).toBe(offset)
      tracker.settle(slot)
      expect(tracker.low()).toBe(offset + 1)
    }
    expect([...tracker].length).toBe(500)
    expect(tracker.waiting).toBe(500)
    expect(tracker.take()?.offset).toBe(1_500)
    expect(tracker.reach()).toBe(1_500)
  })
})
