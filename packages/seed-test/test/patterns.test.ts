import { type BaseEvent, createEventBus, type EventBus } from '@bus/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { consumerGroups } from '../src/blocks/consumer-groups.ts'
import { correlationIds } from '../src/blocks/correlation-ids.ts'
import { type Alert, deadLetterQueue } from '../src/blocks/dead-letter-queue.ts'
import { eventFiltering } from '../src/blocks/event-filtering.ts'
import { eventSourcing } from '../src/blocks/event-sourcing.ts'
import { saga } from '../src/blocks/saga.ts'
import { backends, choose } from './support/backend.ts'
import { Recorder } from './support/recorder.ts'

describe.each(backends)('patterns on %s', (backend) => {
  let eventBus: EventBus

  beforeEach(async () => {
    await choose(backend)
    eventBus = await createEventBus()
  })

  afterEach(async () => {
    await eventBus.close()
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  it('a log of events can be processed again', async () => {
    const persisted = new Recorder<BaseEvent>()
    const processed = new Recorder<BaseEvent>()
    const replay = await eventSourcing({ eventBus, persistToDatabase: persisted.call, processEvent: processed.call })
    for (const id of [1, 2, 3]) await eventBus.publish('issue.events', 'issue.created', { id })
    await persisted.reached(3)
    await replay()
    // Without a key they may be in any order.
    expect(new Set(persisted.calls.map(({ payload }) => (payload as { id: number }).id))).toEqual(new Set([1, 2, 3]))
    expect(processed.calls).toEqual(persisted.calls)
  })

  it('a failed step of a saga is compensated', async () => {
    const compensated = new Recorder<string>()
    const createPR = (): Promise<void> => Promise.reject(new Error('merge conflict'))
    await saga({ eventBus, executeCompensation: compensated.call, createPR })
    await compensated.reached(2)
    expect(compensated.calls).toEqual(['deleteWorktree', 'revertIssueState'])
  })

  it('a saga that goes well compensates nothing', async () => {
    const compensated = new Recorder<string>()
    await saga({ eventBus, executeCompensation: compensated.call, createPR: async () => {} })
    expect((await eventBus.getStats()).publishedEvents).toBe(0)
    expect(compensated.calls).toEqual([])
  })

  it('an order that cannot be processed ends in its own dead letter topic, and raises an alert', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const processed = new Recorder<BaseEvent>(({ payload }) => {
      if ((payload as { total: number }).total < 0) throw new Error('negative total')
    })
    const alerts = new Recorder<Alert>()
    await deadLetterQueue({ eventBus, processOrder: processed.call, sendAlert: alerts.call })
    const failed = await eventBus.publish('orders.processing', 'order.placed', { orderId: '1', total: -1 })
    await eventBus.publish('orders.processing', 'order.placed', { orderId: '2', total: 1 })
    await alerts.reached(1)
    expect(processed.calls.filter(({ metadata }) => metadata.eventId === failed.metadata.eventId)).toHaveLength(4)
    expect(alerts.calls).toMatchObject([
      {
        message: 'Order processing failed',
        failureReason: 'negative total',
        originalEvent: {
          type: 'order.placed',
          payload: { orderId: '1', total: -1 },
          metadata: { eventId: failed.metadata.eventId, originalTopic: 'orders.processing', attempts: 4 },
        },
      },
    ])
    expect(error.mock.calls.map(([text]) => text as unknown)).toEqual(['Failed order:'])
  })

  it('instances of one group share the work: each order goes to one of them', async () => {
    const processed = new Recorder<BaseEvent>()
    // Where the log is the process, the instances share it.
    const other = backend === 'memory' ? eventBus : await createEventBus()
    for (const instance of [eventBus, other]) await consumerGroups({ eventBus: instance, processOrder: processed.call })
    const ids = Array.from({ length: 50 }, (_, index) => index)
    await eventBus.publishBatch(
      'orders.processing',
      ids.map((id) => ({ type: 'order.placed', payload: { id } })),
    )
    await processed.reached(50)
    await Promise.all([eventBus.close(), other.close()])
    const handled = processed.calls.map(({ payload }) => (payload as { id: number }).id)
    expect(handled.toSorted((a, b) => a - b)).toEqual(ids)
  })

  it('events are filtered by type, payload and metadata', async () => {
    const [states, urgent, audits] = [new Recorder<unknown>(), new Recorder<BaseEvent>(), new Recorder<BaseEvent>()]
    await eventFiltering({
      eventBus,
      handleStateChange: states.call,
      handleHighPriority: urgent.call,
      auditAdminAction: audits.call,
    })
    await eventBus.publish('all.events', 'issue.state.changed', { to: 'DONE', priority: 'low' })
    await eventBus.publish('all.events', 'issue.created', { priority: 'high' })
    await eventBus.publish('all.events', 'issue.deleted', {}, { metadata: { userId: 'admin' } })
    await Promise.all([states.reached(1), urgent.reached(1), audits.reached(1)])
    expect(states.calls).toEqual([{ to: 'DONE', priority: 'low' }])
    expect(urgent.calls.map(({ type }) => type)).toEqual(['issue.created'])
    expect(audits.calls.map(({ type }) => type)).toEqual(['issue.deleted'])
  })

  it('the events of one flow are found by its correlation id', async () => {
    await eventBus.publish('issue.events', 'issue.created', { issueId: 'another' })
    const queryEventsByCorrelationId = async (correlationId: string): Promise<BaseEvent[]> => {
      const events: BaseEvent[] = []
      for (const topic of ['issue.events', 'execution.events']) {
        for await (const event of eventBus.history(topic, { correlationId })) events.push(event)
      }
      return events
    }
    const events = await correlationIds({ eventBus, queryEventsByCorrelationId })
    expect(events.map(({ type, payload }) => [type, payload as unknown])).toEqual([
      ['issue.created', { issueId: '123' }],
      ['execution.started', { executionId: '456', issueId: '123' }],
    ])
    expect(new Set(events.map(({ metadata }) => metadata.correlationId)).size).toBe(1)
  })
})
