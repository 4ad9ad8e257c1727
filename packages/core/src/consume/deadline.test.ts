import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { Deadline } from './deadline.ts'

async function passedAfter(deadline: Deadline): Promise<number | undefined> {
  return Promise.race([deadline.passed, Promise.resolve()]).then((afterMs) => afterMs ?? undefined)
}

describe('Deadline', () => {
  it('aborts when its time is over, and passes a while later', async () => {
    const clock = new FakeClock()
    const deadline = new Deadline(clock, 100)
    await clock.advance(99)
    expect(deadline.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(deadline.signal.aborted).toBe(true)
    expect(await passedAfter(deadline)).toBeUndefined()
    await clock.advance(5_000)
    expect(await passedAfter(deadline)).toBe(5_100)
  })

  it('is moved forward by whoever has less time, and not back', async () => {
    const clock = new FakeClock()
    const deadline = new Deadline(clock, 30_000)
    deadline.hurry(10)
    deadline.hurry(20_000)
    await clock.advance(10)
    expect(deadline.signal.aborted).toBe(true)
    await clock.advance(5_000)
    expect(await passedAfter(deadline)).toBe(5_010)
  })

  it('leaves no timer', () => {
    const clock = new FakeClock()
    const deadline = new Deadline(clock, 100)
    deadline.hurry(10)
    deadline.cancel()
    expect(clock.pending).toBe(0)
  })
})
