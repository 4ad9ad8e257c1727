import { describe, expect, it } from 'vitest'
import * as errors from './errors.ts'

const cause = new Error('socket closed')
const all = [
  new errors.ConfigInvalidError([{ name: 'A', problem: 'is wrong' }]),
  new errors.AdapterUnknownError('nats', ['memory']),
  new errors.AdapterNotInstalledError('memory', '@bus/adapter-memory'),
  new errors.AdapterIncompatibleError('memory', 2, 1),
  new errors.BackendUnavailableError('no answer', { cause }),
  new errors.EventInvalidError('t', 'x', ['a: wrong']),
  new errors.TopicInvalidError('no'),
  new errors.TopicCollisionError('a.b'),
  new errors.TopicMissingError(['a']),
  new errors.PublishError('t', [{ index: 0, stored: 'no', cause }]),
  new errors.PublishBacklogError('full'),
  new errors.PayloadTooLargeError('t', 2, 1),
  new errors.MessageUnreadableError('t', '1', 'no'),
  new errors.ClosedError('The bus'),
  new errors.TimeoutError('It', 5),
  new errors.CapabilityMissingError('memory', 'fly'),
  new errors.LoanLostError('t', '1'),
  new errors.GroupInUseError('t', 'g'),
  new errors.SubscriptionUnknownError('id'),
]

describe('errors', () => {
  it('have a code, a name of their own, and are known across copies of the package', () => {
    for (const error of all) {
      expect(error.code).toMatch(/^BUS_[A-Z_]+$/)
      expect(error.name).toBe(error.constructor.name)
      expect(errors.EventBusError.is(error)).toBe(true)
      expect(error).toBeInstanceOf(Error)
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })

  it('are not mistaken for others', () => {
    for (const other of [new Error('x'), null, undefined, 'BUS_CLOSED', { code: 'BUS_CLOSED' }]) {
      expect(errors.EventBusError.is(other)).toBe(false)
    }
  })

  it('keep what the client reported', () => {
    expect(new errors.BackendUnavailableError('no answer', { cause }).cause).toBe(cause)
    expect(new errors.PublishError('t', [{ index: 0, stored: 'no', cause }]).cause).toBe(cause)
  })

  it('say of a publish the worst that may have happened', () => {
    const no = { index: 0, stored: 'no', cause } as const
    const unknown = { index: 1, stored: 'unknown', cause } as const
    expect(new errors.PublishError('t', [no])).toMatchObject({ stored: 'no', code: 'BUS_PUBLISH_FAILED' })
    expect(new errors.PublishError('t', [no, unknown])).toMatchObject({
      stored: 'unknown',
      code: 'BUS_PUBLISH_UNCERTAIN',
    })
    expect(new errors.PublishError('t', [unknown]).message).toContain('same metadata.eventId')
  })

  it('say of versions that do not match which side to upgrade', () => {
    expect(new errors.AdapterIncompatibleError('memory', 2, 1).message).toMatch(/Upgrade @bus\/core\.$/)
    expect(new errors.AdapterIncompatibleError('memory', 0, 1).message).toMatch(/Upgrade the adapter "memory"\.$/)
    expect(new errors.AdapterIncompatibleError('memory', undefined, 1).message).toMatch(/Upgrade the adapter/)
  })
})
