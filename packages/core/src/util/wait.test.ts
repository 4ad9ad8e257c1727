import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { wait } from './wait.ts'

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
