import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { isoTime } from './iso-time.ts'

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
  afterEach(() => void vi.useRealTimers())

  it('waits longer than Node can in one go, and never too short', () => {
    const days = 24 * 3_600_000
    let fired = 0
    systemClock.timer(60 * days, () => fired++)
    vi.advanceTimersByTime(60 * days - 1)
    expect(fired).toBe(0)
    vi.advanceTimersByTime(5)
    expect(fired).toBe(1)
  })

  it('cancels a long wait in any of its parts', () => {
    const days = 24 * 3_600_000
    let fired = 0
    const early = systemClock.timer(60 * days, () => fired++)
    const late = systemClock.timer(60 * days, () => fired++)
    early()
    vi.advanceTimersByTime(40 * days)
    late()
    vi.advanceTimersByTime(40 * days)
    expect(fired).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('tells time', () => {
    expect(systemClock.now()).toBe(1_000)
    expect(isoTime(1_000)).toBe('1970-01-01T00:00:01.000Z')
    expect(isoTime(1_000)).toBe('1970-01-01T00:00:01.000Z')
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z')
  })
})
