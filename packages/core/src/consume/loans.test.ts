import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { jobOf } from '../../test/support/jobs.ts'
import { defaults } from '../defaults.ts'
import type { Job } from './job.ts'
import { Loans } from './loans.ts'

const never = new AbortController().signal
const mebibyte = 1024 * 1024

/** With as many slots as ever needed: it is the window that is tested. */
function loansOf(prefetch: number): Loans {
  return new Loans(new FakeClock(), { prefetch, concurrency: 1_000 }, () => 0)
}

function add(loans: Loans, count: number, bytes: number = 2): Job[] {
  const jobs = Array.from({ length: count }, () => jobOf({}, new Uint8Array(bytes)))
  for (const job of jobs) loans.add(job)
  return jobs
}

describe('the room of loans', () => {
  it('is the whole window at first, none until half of it is free, then what is free', () => {
    const loans = loansOf(10)
    expect(loans.room).toBe(10)
    const jobs = add(loans, 10)
    expect(loans.room).toBe(0)
    for (const job of jobs.slice(0, 4)) loans.remove(job)
    expect(loans.room).toBe(0)
    loans.remove(jobs[4] as Job)
    expect(loans.room).toBe(5)
    for (const job of jobs.slice(5)) loans.remove(job)
    expect(loans.room).toBe(10)
    expect(loans.open).toBe(0)
  })

  it('works for a window of one', () => {
    const loans = loansOf(1)
    expect(loans.room).toBe(1)
    const [job] = add(loans, 1)
    expect(loans.room).toBe(0)
    loans.remove(job as Job)
    expect(loans.room).toBe(1)
  })

  it('shrinks with the size of what came, and stays a window: no stop after each one', () => {
    const loans = loansOf(256)
    const jobs = add(loans, 16, mebibyte)
    expect(loans.room).toBe(0)
    for (const job of jobs.slice(0, 8)) loans.remove(job)
    expect(loans.room).toBe(8)
  })

  it('remembers the size when nothing is on loan any more', () => {
    const loans = loansOf(256)
    for (const job of add(loans, 32, mebibyte)) loans.remove(job)
    expect(loans.open).toBe(0)
    expect(loans.room * mebibyte).toBeLessThanOrEqual(defaults.prefetchBytes)
    expect(loans.room).toBeGreaterThan(8)
  })

  it('widens again when smaller ones come', () => {
    const loans = loansOf(256)
    for (const job of add(loans, 16, mebibyte)) loans.remove(job)
    for (let i = 0; i < 100; i++) for (const job of add(loans, Math.max(1, loans.room), 100)) loans.remove(job)
    expect(loans.room).toBe(256)
  })

  it('never ends, however large one is', () => {
    const loans = loansOf(256)
    const [job] = add(loans, 1, 2 * defaults.prefetchBytes)
    expect(loans.room).toBe(0)
    loans.remove(job as Job)
    expect(loans.room).toBeGreaterThanOrEqual(1)
  })

  it('is not narrowed by what never left this process', () => {
    const loans = loansOf(4)
    const origin = { topic: 'topic', headers: {}, body: 'x' }
    for (let i = 0; i < 2; i++) loans.add(jobOf({ origin }, new Uint8Array(20 * mebibyte)))
    expect(loans.room).toBe(2)
  })
})

describe('what is at work', () => {
  it('is awaited', async () => {
    const loans = loansOf(10)
    const [a, b] = add(loans, 3) as [Job, Job, Job]
    loans.begin(a)
    loans.begin(b)
    const steps: string[] = []
    const quiet = loans.quiet(() => true, never).then(() => steps.push('quiet'))
    loans.remove(a)
    await Promise.resolve()
    steps.push('a ended')
    loans.rest(b)
    await quiet
    expect(steps).toEqual(['a ended', 'quiet'])
    expect(loans.open).toBe(2)
  })

  it('is awaited only where it matches', async () => {
    const loans = loansOf(10)
    const [a, b] = add(loans, 2) as [Job, Job]
    loans.begin(a)
    loans.begin(b)
    loans.remove(b)
    await loans.quiet((job) => job !== a, never)
    expect(loans.active(() => true)).toEqual([a])
  })

  it('is not awaited beyond the deadline', async () => {
    const loans = loansOf(10)
    const [a] = add(loans, 1) as [Job]
    loans.begin(a)
    const deadline = new AbortController()
    const quiet = loans.quiet(() => true, deadline.signal)
    deadline.abort()
    await quiet
    await loans.quiet(() => true, deadline.signal)
    expect(loans.active(() => true)).toEqual([a])
  })
})
