import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { jobOf } from '../../test/support/jobs.ts'
import type { Job } from './job.ts'
import { WaitingRoom } from './waiting-room.ts'

describe('WaitingRoom', () => {
  it('lets each job go at its own time, also when one that came first waits longer', async () => {
    const clock = new FakeClock()
    const room = new WaitingRoom(clock)
    const [slow, quick] = [jobOf(), jobOf()]
    const gone: Job[] = []
    room.add(slow, clock.now() + 100, (job) => gone.push(job))
    room.add(quick, clock.now() + 10, (job) => gone.push(job))
    expect(room.size).toBe(2)
    await clock.advance(10)
    expect(gone).toEqual([quick])
    expect(room.size).toBe(1)
    await clock.advance(90)
    expect(gone).toEqual([quick, slow])
    expect(room.size).toBe(0)
  })

  it('lets those of one time go in the order they came, with one timer for all, however late it is', async () => {
    const clock = new FakeClock()
    const room = new WaitingRoom(clock)
    const dueAt = clock.now() + 10
    const [a, b, sooner, c] = [jobOf(), jobOf(), jobOf(), jobOf()]
    const gone: Job[] = []
    for (const job of [a, b, sooner, c]) room.add(job, job === sooner ? dueAt - 1 : dueAt, (due) => gone.push(due))
    expect(clock.pending).toBe(1)
    room.letGo()
    expect(gone).toEqual([])
    await clock.advance(10)
    expect(gone).toEqual([sooner, a, b, c])
  })

  it('has let go of a job when it tells of it', async () => {
    const clock = new FakeClock()
    const room = new WaitingRoom(clock)
    const sizes: number[] = []
    room.add(jobOf(), clock.now() + 1, () => sizes.push(room.size))
    await clock.advance(1)
    expect(sizes).toEqual([0])
  })

  it('gives out jobs before their time, and forgets their timers', async () => {
    const clock = new FakeClock()
    const room = new WaitingRoom(clock)
    const [a, b, c] = [jobOf({ key: 'a' }), jobOf({ key: 'b' }), jobOf({ key: 'c' })]
    const gone: Job[] = []
    for (const job of [a, b, c]) room.add(job, clock.now() + 10, (due) => gone.push(due))
    expect(room.count((job) => job.key !== 'b')).toBe(2)
    expect(room.evict((job) => job.key !== 'b')).toEqual([a, c])
    expect(clock.pending).toBe(1)
    await clock.advance(10)
    expect(gone).toEqual([b])
    expect(room.evict()).toEqual([])
  })

  it('gives out everything when nothing else is said', () => {
    const clock = new FakeClock()
    const room = new WaitingRoom(clock)
    room.add(jobOf(), clock.now() + 10, () => {})
    room.add(jobOf(), clock.now() + 10, () => {})
    expect(room.evict()).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })
})
