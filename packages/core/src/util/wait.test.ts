import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { wait, within } from './wait.ts'

describe('wait', () => {
  it('resolves when the time has come, and listens to the signal no longer', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const waited = wait(clock, 10, stop.signal)
    await clock.advance(10)
    await waited
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  })

  it('resolves when the signal aborts, and leaves no timer', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const waited = wait(clock, 10, stop.signal)
    expect(clock.pending).toBe(1)
    stop.abort()
    await waited
    await wait(clock, 10, stop.signal)
    expect(clock.pending).toBe(0)
  })
})

describe('within', () => {
  it('gives what the work gives, or fails as it does, and leaves no timer', async () => {
    const clock = new FakeClock()
    await expect(within(clock, 10, Promise.resolve(1))).resolves.toBe(1)
    await expect(within(clock, 10, Promise.reject(new Error('no')))).rejects.toThrow('no')
    await clock.breathe()
    expect(clock.pending).toBe(0)
  })

  it('gives nothing when the time is over', async () => {
    const clock = new FakeClock()
    const never = within(clock, 10, new Promise(() => {}))
    await clock.advance(10)
    await expect(never).resolves.toBeUndefined()
  })
})
