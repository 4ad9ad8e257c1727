import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { RecordingLogger } from '../../test/support/recording-logger.ts'
import { type HookMap, Hooks } from './hooks.ts'

const failed: HookMap['failed'] = {
  topic: 'orders',
  consumerGroup: 'billing',
  eventId: '1',
  type: 't',
  key: 'k',
  correlationId: 'c',
  metadata: { eventId: '1', timestamp: '', source: 's', correlationId: 'c', userId: 'u' },
  attempts: 4,
  error: new Error('boom'),
  reason: 'exhausted',
}
const problem: HookMap['error'] = { error: new Error('socket closed'), operation: 'receiving events', topic: 'orders' }

function setUp(): { hooks: Hooks; logger: RecordingLogger; clock: FakeClock } {
  const logger = new RecordingLogger()
  const clock = new FakeClock()
  return { hooks: new Hooks(logger, clock), logger, clock }
}

describe('hooks', () => {
  it('tell every listener, until it is taken off', () => {
    const { hooks } = setUp()
    const heard: string[] = []
    const off = hooks.on('failed', ({ reason }) => void heard.push(`first: ${reason}`))
    hooks.on('failed', ({ topic }) => void heard.push(`second: ${topic}`))
    hooks.emit('failed', failed)
    off()
    off()
    hooks.emit('failed', failed)
    expect(heard).toEqual(['first: exhausted', 'second: orders', 'second: orders'])
  })

  it('know whether anybody listens', () => {
    const { hooks } = setUp()
    expect(hooks.heard('retry')).toBe(false)
    const off = hooks.on('retry', () => {})
    expect(hooks.heard('retry')).toBe(true)
    off()
    expect(hooks.heard('retry')).toBe(false)
  })

  it('log errors that nobody listens to, and no others', () => {
    const { hooks, logger } = setUp()
    hooks.emit('error', problem)
    hooks.on('error', () => {})
    hooks.emit('error', { ...problem, operation: 'acknowledging' })
    expect(logger.lines).toEqual([
      [
        'error',
        'receiving events failed',
        { operation: 'receiving events', topic: 'orders', error: 'Error: socket closed' },
      ],
    ])
  })

  it('log what was given up and what was dead-lettered, whoever listens', () => {
    const { hooks, logger } = setUp()
    hooks.on('failed', () => {})
    hooks.on('deadLetter', () => {})
    hooks.emit('failed', failed)
    hooks.emit('deadLetter', { ...failed, dlqTopic: 'orders.billing.dlq' })
    hooks.emit('retry', { ...failed, delayMs: 1, deferred: false })
    expect(logger.lines.map(([level, message]) => `${level} ${message}`)).toEqual([
      'error an event was given up (no dead letter queue)',
      'warn an event was dead-lettered',
    ])
    expect(logger.lines[0]?.[2]).toMatchObject({ topic: 'orders', consumerGroup: 'billing', eventId: '1', attempts: 4 })
  })

  it('log one line of a kind per second and topic, and say how many there were', async () => {
    const { hooks, logger, clock } = setUp()
    for (let i = 0; i < 100; i++) hooks.emit('error', problem)
    hooks.emit('error', { ...problem, topic: 'payments' })
    await clock.advance(1_000)
    hooks.emit('error', problem)
    expect(logger.lines.map(([, , fields]) => [fields?.['topic'], fields?.['alsoSuppressed']])).toEqual([
      ['orders', undefined],
      ['payments', undefined],
      ['orders', 99],
    ])
  })

  it('survive a listener that throws: the others hear it, and it is logged', () => {
    const { hooks, logger } = setUp()
    const heard: string[] = []
    hooks.on('retry', () => {
      throw new Error('listener')
    })
    hooks.on('retry', ({ topic }) => void heard.push(topic))
    hooks.emit('retry', { ...failed, delayMs: 1, deferred: false })
    expect(heard).toEqual(['orders'])
    expect(logger.lines).toEqual([['error', 'a listener of "retry" failed', { error: 'Error: listener' }]])
  })

  it('survive a listener that fails later', async () => {
    const { hooks, logger, clock } = setUp()
    const listener = async (): Promise<void> => {
      await Promise.resolve()
      throw new Error('listener')
    }
    hooks.on('retry', listener as () => void)
    hooks.emit('retry', { ...failed, delayMs: 1, deferred: false })
    await clock.breathe()
    expect(logger.lines).toEqual([['error', 'a listener of "retry" failed', { error: 'Error: listener' }]])
  })

  it('survive a logger that throws', () => {
    const fail = (): never => {
      throw new Error('disk full')
    }
    const hooks = new Hooks({ debug: fail, info: fail, warn: fail, error: fail }, new FakeClock())
    const heard: string[] = []
    hooks.on('failed', fail)
    hooks.on('failed', ({ topic }) => void heard.push(topic))
    hooks.emit('failed', failed)
    hooks.emit('error', problem)
    expect(heard).toEqual(['orders'])
  })

  it.each([Object.create(null) as object, Symbol('s'), undefined])('log whatever was thrown', (error) => {
    const { hooks, logger } = setUp()
    hooks.emit('failed', { ...failed, error })
    expect(logger.lines).toHaveLength(1)
  })
})
