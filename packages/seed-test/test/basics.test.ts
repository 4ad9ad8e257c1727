import type { BaseEvent, EventBus } from '@bus/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { healthChecks } from '../src/blocks/health-checks.ts'
import { initialize, initializeWithName } from '../src/blocks/initialize.ts'
import { migration } from '../src/blocks/migration.ts'
import { monitoring } from '../src/blocks/monitoring.ts'
import { publishEvents } from '../src/blocks/publish-events.ts'
import { subscribeToEvents } from '../src/blocks/subscribe-to-events.ts'
import { unsubscribe } from '../src/blocks/unsubscribe.ts'
import { backends, choose } from './support/backend.ts'
import { Recorder } from './support/recorder.ts'

const changed = { issueId: '123', from: 'TODO', to: 'IN_PROGRESS' }

describe.each(backends)('the first steps on %s', (backend) => {
  let eventBus: EventBus

  beforeEach(async () => {
    await choose(backend)
    eventBus = await initialize()
  })

  afterEach(async () => {
    await eventBus.close()
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  it('a bus is made from environment variables, with or without a name', async () => {
    expect((await eventBus.getStats()).adapter).toBe(backend)
    expect((await eventBus.publish('t', 'x', {})).metadata.source).toBe('event-bus')
    const named = await initializeWithName()
    expect((await named.publish('t', 'x', {})).metadata.source).toBe('my-service')
    await named.close()
  })

  it('an event is published with its metadata', async () => {
    const seen = new Recorder<BaseEvent>()
    await eventBus.subscribe('issue.events', seen.call)
    await publishEvents(eventBus)
    await seen.reached(1)
    expect(seen.calls).toMatchObject([
      { type: 'issue.state.changed', payload: changed, metadata: { correlationId: 'exec-456', userId: 'user-789' } },
    ])
  })

  it('a subscription handles the events it is about', async () => {
    const logged = new Recorder<readonly [text: string, type: string]>()
    const log = (text: string, { type }: BaseEvent): void => void logged.call([text, type])
    vi.spyOn(console, 'log').mockImplementation(log)
    const updates = new Recorder<unknown>()
    await subscribeToEvents({ eventBus, updateIssueInDatabase: updates.call })
    await eventBus.publish('issue.events', 'issue.viewed', {})
    await publishEvents(eventBus)
    await Promise.all([logged.reached(2), updates.reached(1)])
    expect(updates.calls).toEqual([changed])
    expect(new Map(logged.calls.map(([text, type]) => [type, text]))).toEqual(
      new Map([
        ['issue.viewed', 'Received event:'],
        ['issue.state.changed', 'Received event:'],
      ]),
    )
  })

  it('a subscription that cannot handle an event tries four times, then dead-letters it', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const updates = new Recorder<unknown>(() => {
      throw new Error('database away')
    })
    const dead = new Recorder<BaseEvent>()
    await eventBus.subscribe('issue.events.broadcast.dlq', dead.call)
    await subscribeToEvents({ eventBus, updateIssueInDatabase: updates.call })
    await publishEvents(eventBus)
    await dead.reached(1)
    expect(updates.calls).toHaveLength(4)
    expect(dead.calls).toMatchObject([
      { payload: changed, metadata: { failureReason: 'database away', attempts: 4, originalTopic: 'issue.events' } },
    ])
  })

  it('a subscription that was ended handles nothing more', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const updates = new Recorder<unknown>()
    const others = new Recorder<BaseEvent>()
    const subscriptionId = await subscribeToEvents({ eventBus, updateIssueInDatabase: updates.call })
    await eventBus.subscribe('issue.events', others.call)
    await publishEvents(eventBus)
    await Promise.all([updates.reached(1), others.reached(1)])
    await unsubscribe(eventBus, subscriptionId)
    await publishEvents(eventBus)
    await others.reached(2)
    expect(updates.calls).toHaveLength(1)
  })

  it('health and statistics can be asked for', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    await eventBus.subscribe('t', () => {})
    await eventBus.publish('t', 'x', {})
    await healthChecks(eventBus)
    expect(error).not.toHaveBeenCalled()
    const stats = { adapter: backend, isHealthy: true, publishedEvents: 1, activeSubscriptions: 1 }
    expect(log.mock.calls).toEqual([['Stats:', stats]])
    await eventBus.close()
    await healthChecks(eventBus)
    expect(error.mock.calls).toEqual([['Event bus is unhealthy!']])
  })

  it('a subscription to everything sees every topic, and an overridden publish counts', async () => {
    const infos = new Recorder<unknown>()
    const logger = { info: (message: string, fields: object) => void infos.call([message, fields]) }
    const counts = await monitoring({ eventBus, logger })
    const one = await eventBus.publish('orders', 'placed', { id: 1 })
    const two = await eventBus.publish('payments', 'paid', {}, { metadata: { correlationId: 'flow' } })
    await expect(eventBus.publish('not a topic', 'x', {})).rejects.toThrow()
    expect(counts()).toEqual({ publishCount: 3, errorCount: 1 })
    await infos.reached(2)
    const line = ({ type, metadata: { eventId, correlationId } }: BaseEvent): unknown => [
      'Event published',
      { type, eventId, correlationId },
    ]
    expect(infos.calls).toHaveLength(2)
    expect(infos.calls).toEqual(expect.arrayContaining([line(one), line(two)]))
  })

  it('a subscription to everything may fail, and only it has its dead letters', async () => {
    const failing = new Recorder<BaseEvent>(() => {
      throw new Error('log full')
    })
    const working = new Recorder<BaseEvent>()
    const dead = new Recorder<BaseEvent>()
    await eventBus.subscribe('*', failing.call, { maxRetries: 1, useDLQ: true })
    await eventBus.subscribe('orders', working.call)
    await eventBus.subscribe('orders.broadcast.dlq', dead.call)
    const { metadata } = await eventBus.publish('orders', 'placed', { id: 1 })
    await Promise.all([dead.reached(1), working.reached(1)])
    expect(failing.calls).toHaveLength(2)
    expect(working.calls).toHaveLength(1)
    expect(dead.calls).toMatchObject([
      { type: 'placed', payload: { id: 1 }, metadata: { eventId: metadata.eventId, failureReason: 'log full' } },
    ])
  })

  it('the new way of the migration works', async () => {
    const logged = new Recorder<unknown>()
    vi.spyOn(console, 'log').mockImplementation((payload: unknown) => void logged.call(payload))
    const migrated = await migration()
    await migrated.publish('project.events', 'project.created', { projectId: '456' })
    await logged.reached(1)
    expect(logged.calls).toEqual([{ projectId: '456' }])
    await migrated.close()
  })
})
