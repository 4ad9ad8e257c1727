import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobOf } from '../../test/support/jobs.ts'
import { position, Workshop } from '../../test/support/workshop.ts'
import { systemClock } from '../util/clock.ts'
import type { Job } from './job.ts'
import { Lanes } from './lanes.ts'
import { Slots } from './slots.ts'

const keys = ['a', 'b', 'c'] as const
const homes = 3
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add' as const), pick: fc.nat(), home: fc.nat(homes - 1) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(), home: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), pick: fc.nat(), home: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume' as const), pick: fc.nat(), home: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('evict' as const), pick: fc.nat(), home: fc.nat(homes - 1) }) },
)

async function perform(
  shop: Workshop,
  { kind, pick, home }: { kind: string; pick: number; home: number },
): Promise<void> {
  const from = kind === 'resume' ? shop.held : shop.running
  const job = from[pick % Math.max(1, from.length)]
  if (kind === 'add') shop.add([...keys, undefined][pick % (keys.length + 1)], home)
  else if (kind === 'evict') shop.evict(home, (candidate) => position(candidate) % 2 === pick % 2)
  else if (job === undefined) return
  else if (kind === 'end') await shop.end(job)
  else if (kind === 'hold') await shop.hold(job)
  else shop.resume(job)
}

describe('Lanes', () => {
  it('keep order by key, never run more than there are slots, and start everything, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, concurrency) => {
          const shop = new Workshop(concurrency, homes)
          for (const one of steps) await perform(shop, one)
          await shop.finish()
          const seen = new Set([...shop.started, ...shop.evicted])
          expect(shop.added.filter((job) => !seen.has(job)).map(position)).toEqual([])
          for (const key of keys) {
            for (let home = 0; home < homes; home++) {
              const starts = shop.startsOf(key, home)
              expect(starts).toEqual(starts.toSorted((a, b) => a - b))
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('starts at once as many as there are slots, then the next as one ends', async () => {
    const shop = new Workshop(2)
    const jobs = [shop.add(undefined), shop.add(undefined), shop.add(undefined)]
    expect(shop.running).toEqual(jobs.slice(0, 2))
    await shop.end(jobs[1] as Job)
    expect(shop.running).toEqual([jobs[0], jobs[2]])
  })

  it('does not let a key that waits take a slot', async () => {
    const shop = new Workshop(2)
    const [first, second, other] = [shop.add('a'), shop.add('a'), shop.add('b')]
    expect(shop.running).toEqual([first, other])
    await shop.hold(first)
    const third = shop.add('c')
    expect(shop.running).toEqual([other, third])
    shop.resume(first)
    await shop.end(third)
    expect(shop.running).toEqual([other, first])
    await shop.end(first)
    expect(shop.running).toEqual([other, second])
  })

  it('gives out what was not started, in the order of each key', async () => {
    const shop = new Workshop(1)
    const first = shop.add('a')
    const waiting = [shop.add('a'), shop.add('b'), shop.add('b'), shop.add(undefined)]
    const gone = shop.evict(0, () => true)
    expect(new Set(gone)).toEqual(new Set(waiting))
    expect(gone.indexOf(waiting[1] as Job)).toBeLessThan(gone.indexOf(waiting[2] as Job))
    await shop.end(first)
    expect(shop.running).toEqual([])
  })

  it('frees no key for a job that does not have it', () => {
    const shop = new Workshop(2)
    const [first, second] = [shop.add('a'), shop.add('a')]
    shop.lanes[0]?.leave(jobOf({ key: 'a' }))
    shop.lanes[0]?.leave(second)
    expect(shop.running).toEqual([first])
  })

  it('passes a free slot on when what waited for it has gone', async () => {
    const shop = new Workshop(1, 3)
    const running = shop.add(undefined, 0)
    shop.add(undefined, 1)
    const waiting = shop.add(undefined, 2)
    shop.evict(1, () => true)
    await shop.end(running)
    expect(shop.running).toEqual([waiting])
  })

  it('starts nothing any more once it is closed', async () => {
    const shop = new Workshop(1, 2)
    const running = shop.add('a', 0)
    shop.add('a', 0)
    const other = shop.add('a', 1)
    shop.lanes[0]?.close()
    await shop.end(running)
    expect(shop.running).toEqual([other])
    expect(shop.evict(0, () => true)).toHaveLength(1)
  })

  it('goes through any number of handlers that take no time without deepening the stack', () => {
    let started = 0
    const lanes = new Lanes(new Slots(systemClock, 1), (job) => {
      started++
      lanes.leave(job)
    })
    for (let i = 0; i < 50_000; i++) lanes.add(jobOf({ key: 'a' }))
    expect(started).toBe(50_000)
  })
})
