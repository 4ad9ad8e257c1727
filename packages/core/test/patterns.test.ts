import { describe, expect, it } from 'vitest'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

describe('a pattern', () => {
  it('sees a topic created later by this process from its first event, also after another pattern failed to start', async () => {
    const { bus, adapter } = scene()
    adapter.faults.listTopics = () => {
      throw new Error('away')
    }
    await expect(bus.subscribe('*', () => {})).rejects.toThrow('away')
    adapter.faults.listTopics = undefined
    const seen: unknown[] = []
    await bus.subscribe('*', ({ payload }) => void seen.push(payload))
    await bus.publish('orders', 't', 1)
    await turn()
    expect(seen).toEqual([1])
  })

  it('sees a topic that others created, from its first event', async () => {
    const { bus, adapter, clock } = scene()
    const seen: unknown[] = []
    await bus.subscribe('orders.*', ({ type }) => void seen.push(type))
    await adapter.publish([{ topic: 'orders.placed', headers: { type: 'foreign' }, body: '1' }])
    expect(seen).toEqual([])
    await clock.advance(500)
    await turn()
    expect(seen).toEqual(['foreign'])
  })

  it('begins at latest on a topic that exists, also while another pattern makes this process announce it', async () => {
    const { bus, adapter } = scene()
    await adapter.publish([{ topic: 'orders', headers: {}, body: '"old"' }])
    await bus.subscribe('*', () => {})
    const seen: unknown[] = []
    const list = adapter.listTopics.bind(adapter)
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    adapter.listTopics = () => gate.then(list)
    const subscribing = bus.subscribe('*', ({ payload }) => void seen.push(payload))
    await turn()
    await bus.publish('orders', 't', 'meanwhile')
    go()
    await subscribing
    await bus.publish('orders', 't', 'new')
    await turn()
    expect(seen).toEqual(['new'])
  })

  it('sees a topic that was created while it started with the next event, not only when it looks again', async () => {
    const { bus, adapter } = scene()
    await bus.subscribe('*', () => {})
    const seen: unknown[] = []
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    adapter.listTopics = () => gate.then(() => [])
    const subscribing = bus.subscribe('*', ({ payload }) => void seen.push(payload))
    await turn()
    await bus.publish('orders', 't', 'meanwhile')
    go()
    await subscribing
    await bus.publish('orders', 't', 'new')
    await turn()
    expect(seen).toContain('new')
  })

  it('looks for topics until it ends, and says when it cannot', async () => {
    const { bus, adapter, clock } = scene()
    const errors: string[] = []
    bus.on('error', ({ operation }) => void errors.push(operation))
    const id = await bus.subscribe('*', () => {})
    adapter.faults.listTopics = () => {
      throw new Error('away')
    }
    await clock.advance(500)
    expect(errors).toEqual(['looking for topics'])
    expect(await bus.isHealthy()).toBe(false)
    adapter.faults.listTopics = undefined
    await clock.advance(500)
    expect(await bus.isHealthy()).toBe(true)
    await bus.unsubscribe(id)
    expect(clock.pending).toBe(0)
  })

  it('begins at earliest where its group registered before', async () => {
    const { bus, adapter } = scene()
    const options = { consumerGroup: 'audit' }
    await bus.unsubscribe(await bus.subscribe('*', () => {}, options))
    await adapter.publish([{ topic: 'orders', headers: { type: 'old' }, body: '1' }])
    const seen: string[] = []
    await bus.subscribe('*', ({ type }) => void seen.push(type), options)
    await turn()
    expect(seen).toEqual(['old'])
  })

  it('leaves the topics it has at its deadline, also while it is still on its way into another one', async () => {
    const { bus, adapter, clock } = scene()
    const id = await bus.subscribe('*', () => new Promise<void>(() => {}), { consumerGroup: 'g' })
    await bus.publish('orders', 't', 1)
    await turn()
    const consume = adapter.consume.bind(adapter)
    let answer = (): void => {}
    const unanswered = new Promise<void>((resolve) => (answer = resolve))
    adapter.consume = (options) => unanswered.then(() => consume(options))
    void bus.publish('mail', 't', 1)
    await turn()
    const ending = bus.unsubscribe(id, { timeoutMs: 100 })
    await clock.advance(100)
    await turn()
    expect(adapter.calls).toContain('close orders')
    answer()
    await ending
    expect(adapter.calls).toContain('close mail')
    expect(adapter.open).toBe(0)
  })
})
