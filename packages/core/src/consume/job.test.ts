import { describe, expect, it } from 'vitest'
import { FakeDelivery, stored } from '../../test/support/messages.ts'
import { Job } from './job.ts'

function jobWith(headers: Record<string, string>, note?: string): Job {
  return new Job(new FakeDelivery(stored('{}', { headers, key: 'k' }), { note }))
}

describe('Job', () => {
  it('begins at the first start, with nothing to note', () => {
    const job = jobWith({})
    expect({
      attempt: job.attempt,
      firstFailureAt: job.firstFailureAt,
      key: job.key,
      note: job.note,
      settled: job.settled,
    }).toEqual({
      attempt: 1,
      firstFailureAt: undefined,
      key: 'k',
      note: undefined,
      settled: false,
    })
  })

  it('goes on counting where a retry copy left off', () => {
    const job = jobWith({ 'bus-attempt': '4', 'bus-dead-first': '1000' })
    expect([job.attempt, job.firstFailureAt]).toEqual([4, 1_000])
  })

  it('adds the deaths before it was copied to those since', () => {
    const delivery = new FakeDelivery(stored('{}', { headers: { 'bus-deaths': '2' } }), { redeliveries: 1 })
    expect([new Job(delivery).deaths, jobWith({}).deaths]).toEqual([3, 0])
  })

  it('goes on counting where it was given back', () => {
    const given = jobWith({})
    given.attempt = 3
    given.firstFailureAt = 2_000
    const again = jobWith({ 'bus-attempt': '2', 'bus-dead-first': '1000' }, given.note)
    expect([again.attempt, again.firstFailureAt, again.heldUntil]).toEqual([3, 2_000, undefined])
  })

  it('goes on waiting where it was given back', () => {
    const given = jobWith({})
    given.attempt = 2
    given.firstFailureAt = 2_000
    given.heldUntil = 32_000
    const again = jobWith({}, given.note)
    expect([again.attempt, again.firstFailureAt, again.heldUntil]).toEqual([2, 2_000, 32_000])
  })

  it.each(['', 'three', '3', '3 x', '-1 5', '3 5 7 9', '3.5 7', '3 5 x'])('is not misled by the note %j', (note) => {
    const job = jobWith({ 'bus-attempt': '2', 'bus-dead-first': '1000' }, note)
    expect([job.attempt, job.firstFailureAt]).toEqual([2, 1_000])
  })

  it.each(['', 'two', '0', '-1', '1.5', 'Infinity', '1e400'])(
    'is not misled by the header bus-attempt: %j',
    (header) => {
      expect(jobWith({ 'bus-attempt': header }).attempt).toBe(1)
    },
  )
})
