// Compiled, never run: what must compile stands as it is, what must not has @ts-expect-error above it.
import { z } from 'zod'
import {
  type BaseEvent,
  createEventBus,
  defineEvents,
  EventBus,
  EventTopics,
  type PayloadOf,
  type Transformed,
} from '../src/index.ts'
import { FakeAdapter } from './support/fake-adapter.ts'

/** A compile error unless both are the same type. */
export function same<A>() {
  return <B>(...none: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void =>
    void none
}

export type Aliases = {
  orders: { placed: { id: string; total: number }; paid: { id: string } }
  'orders.archive': { moved: { at: string } }
  payments: { refused: { reason: string } }
}

interface OrderEvents {
  placed: { readonly id: string; readonly total: number }
  paid: { readonly id: string }
}
interface Interfaces {
  orders: OrderEvents
}

declare const bus: EventBus<Aliases>
declare const interfaces: EventBus<Interfaces>
declare const any: EventBus

export async function publishing(): Promise<void> {
  const event = await bus.publish('orders', 'placed', { id: '1', total: 2 }, { key: '1', metadata: { tenant: 'acme' } })
  same<typeof event>()<BaseEvent<'placed', { id: string; total: number }>>()
  await interfaces.publish('orders', 'paid', { id: '1' })
  // @ts-expect-error -- no such topic
  await bus.publish('order', 'placed', { id: '1', total: 2 })
  // @ts-expect-error -- no such type
  await bus.publish('orders', 'shipped', { id: '1' })
  // @ts-expect-error -- a type of another topic
  await bus.publish('payments', 'placed', { id: '1', total: 2 })
  // @ts-expect-error -- the payload of another type
  await bus.publish('orders', 'placed', { id: '1' })
  // @ts-expect-error -- a member that is not known
  await bus.publish('orders', 'paid', { id: '1', more: true })
  // @ts-expect-error -- a member of another type
  await interfaces.publish('orders', 'paid', { id: 1 })
  // @ts-expect-error -- no such option
  await bus.publish('orders', 'paid', { id: '1' }, { keys: '1' })
  // @ts-expect-error -- an option of another type
  await bus.publish('orders', 'paid', { id: '1' }, { delayMs: '5' })
  // @ts-expect-error -- metadata of another type
  await bus.publish('orders', 'paid', { id: '1' }, { metadata: { correlationId: 7 } })
  // @ts-expect-error -- a dead letter topic is not published to
  await bus.publish('orders.billing.dlq', 'paid', { id: '1' })
}

export async function batches(): Promise<void> {
  const events = await bus.publishBatch('orders', [
    { type: 'placed', payload: { id: '1', total: 2 }, key: '1' },
    { type: 'paid', payload: { id: '1' } },
  ])
  for (const event of events) if (event.type === 'placed') same<typeof event.payload>()<{ id: string; total: number }>()
  // @ts-expect-error -- the payload of another type
  await bus.publishBatch('orders', [{ type: 'placed', payload: { id: '1' } }])
  // @ts-expect-error -- a signal is for the whole batch
  await bus.publishBatch('orders', [{ type: 'paid', payload: { id: '1' }, signal: new AbortController().signal }])
}

export async function subscribing(): Promise<void> {
  await bus.subscribe('orders', (event, context) => {
    same<typeof event.type>()<'placed' | 'paid'>()
    same<typeof context.attempt>()<number>()
    // @ts-expect-error -- not of every type
    void event.payload.total
    if (event.type === 'placed') same<typeof event.payload>()<{ id: string; total: number }>()
    else same<typeof event.payload>()<{ id: string }>()
    // @ts-expect-error -- no such type
    if (event.type === 'shipped') return
    same<typeof event.metadata.failureReason>()<string | undefined>()
    same<typeof event.metadata.timestamp>()<string>()
    same<(typeof event.metadata)['anything']>()<unknown>()
  })
  await interfaces.subscribe('orders', async ({ type, payload }) => {
    if (type === 'placed') same<typeof payload.total>()<number>()
  })
  await bus.subscribe('orders', () => {}, { types: ['placed'], consumerGroup: 'g', retry: { factor: 3 } })
  // @ts-expect-error -- no such topic
  await bus.subscribe('order', () => {})
  // @ts-expect-error -- no such type
  await bus.subscribe('orders', () => {}, { types: ['shipped'] })
  // @ts-expect-error -- no such option
  await bus.subscribe('orders', () => {}, { retries: 3 })
  // @ts-expect-error -- an option of another type
  await bus.subscribe('orders', () => {}, { maxRetries: '3' })
  // @ts-expect-error -- no such option of retry
  await bus.subscribe('orders', () => {}, { retry: { delay: 3 } })
  // @ts-expect-error -- the handler of other events
  await bus.subscribe('orders', (_event: BaseEvent<'refused', { reason: string }>) => {})
}

export async function patterns(): Promise<void> {
  await bus.subscribe('*', (event) => same<typeof event.type>()<'placed' | 'paid' | 'moved' | 'refused'>())
  await bus.subscribe('orders.*', (event) => same<typeof event>()<BaseEvent<'moved', { at: string }>>())
  await bus.subscribe('orders*', (event) => same<typeof event.type>()<'placed' | 'paid' | 'moved'>())
  await bus.subscribe('*s', (event) => same<typeof event.type>()<'placed' | 'paid' | 'refused'>())
  await bus.subscribe('payments.billing.dlq', (event) => same<typeof event.type>()<'refused'>())
  await bus.subscribe('orders.broadcast.dlq', (event) => same<typeof event.type>()<'placed' | 'paid'>())
  await bus.subscribe('orders.archive.g.dlq', (event) => same<typeof event.type>()<'placed' | 'paid' | 'moved'>())
  // @ts-expect-error -- sees no topic
  await bus.subscribe('invoices.*', () => {})
  // @ts-expect-error -- dead letters of no topic
  await bus.subscribe('invoices.billing.dlq', () => {})
  for await (const event of bus.history('orders', { type: 'placed', limit: 5 }))
    same<typeof event.type>()<'placed' | 'paid'>()
  // @ts-expect-error -- no such topic
  bus.history('order')
  // @ts-expect-error -- no topic is like that
  bus.history('nothing.*')
  any.history('orders.*')
  any.history('orders' as string)
}

const schemas = defineEvents({
  orders: {
    placed: z.object({ total: z.string().transform(Number) }),
    paid: z.object({ id: z.string() }),
  },
})

export async function withSchemas(): Promise<void> {
  const typed = await createEventBus({ events: schemas })
  await typed.publish('orders', 'placed', { total: '12' })
  await typed.publish('orders', 'paid', { id: '1' })
  // @ts-expect-error -- what is published is the schema's input
  await typed.publish('orders', 'placed', { total: 12 })
  // @ts-expect-error -- no such event
  await typed.publish('orders', 'shipped', {})
  await typed.subscribe('orders', (event) => {
    if (event.type === 'placed') same<typeof event.payload>()<{ total: number }>()
    else same<typeof event.payload>()<{ id: string }>()
  })
  await typed.subscribe('orders.billing.dlq', (event) => {
    if (event.type === 'placed') same<typeof event.payload>()<{ total: string }>()
  })
  const batch = await typed.publishBatch('orders', [{ type: 'placed', payload: { total: '1' } }])
  for (const event of batch) if (event.type === 'placed') same<typeof event.payload>()<{ total: string }>()
  for await (const event of typed.history('orders')) {
    if (event.type === 'placed') same<typeof event.payload>()<{ total: string }>()
  }
  const direct = new EventBus(new FakeAdapter(), 'source', { events: schemas })
  await direct.publish('orders', 'paid', { id: '1' })
  // @ts-expect-error -- the payload of another type
  await direct.publish('orders', 'paid', { id: 1 })
}

type FromSchemas = NonNullable<(typeof schemas)['events']>
same<FromSchemas['orders']['placed']>()<Transformed<{ total: string }, { total: number }>>()
same<PayloadOf<FromSchemas, 'orders', 'placed'>>()<{ total: string }>()
same<FromSchemas['orders']['paid']>()<{ id: string }>()

export async function withoutMap(): Promise<void> {
  await any.publish('whatever', 'anything', { any: ['thing'] })
  await any.subscribe('whatever', (event) => {
    same<typeof event>()<BaseEvent>()
    const { deeply } = event.payload
    void deeply.nested.member
    // @ts-expect-error -- metadata are known
    void event.metadata.timestamp.getTime()
  })
  await any.subscribe('*', ({ payload }) => void payload.anything)
  await any.subscribe(EventTopics.ISSUE_EVENTS, ({ type }) => same<typeof type>()<string>())
  // @ts-expect-error -- options are checked all the same
  await any.subscribe('whatever', () => {}, { maxRetry: 3 })
  const published = await any.publish('whatever', 'done', 1)
  same<typeof published.type>()<'done'>()
}

export function overriding(typed: EventBus<Aliases>, untyped: EventBus): void {
  for (const eventBus of [untyped]) {
    const originalPublish = eventBus.publish.bind(eventBus)
    eventBus.publish = async (...args) => {
      try {
        return await originalPublish(...args)
      } finally {
        void args[0].length
      }
    }
  }
  const originalPublish = typed.publish.bind(typed)
  typed.publish = async (...args) => originalPublish(...args)
}

export async function hooks(): Promise<void> {
  bus.on('deadLetter', ({ dlqTopic, reason }) => {
    same<typeof dlqTopic>()<string>()
    same<typeof reason>()<'exhausted' | 'rejected' | 'unreadable' | 'invalid' | 'crashed'>()
  })
  // @ts-expect-error -- no such hook
  bus.on('dead', () => {})
  bus.use(async (event, context, next) => {
    same<typeof event.type>()<string>()
    void context.topic
    await next()
  })
  await using disposable = any
  void disposable
}

export async function creating(): Promise<void> {
  const everything = await createEventBus()
  same<typeof everything>()<EventBus>()
  const named = await createEventBus('my-service')
  same<typeof named>()<EventBus>()
  const mapped = await createEventBus<Aliases>('my-service')
  same<typeof mapped>()<EventBus<Aliases>>()
  await createEventBus<Interfaces>({ source: 'x', defaultSubscriptionOptions: { maxRetries: 5 } })
  // @ts-expect-error -- no such option
  await createEventBus({ sauce: 'x' })
  // @ts-expect-error -- where to start is a subscription's own
  await createEventBus({ defaultSubscriptionOptions: { startFrom: 'earliest' } })
  // @ts-expect-error -- the payload of a map must be an object of types
  await createEventBus<{ orders: string }>()
}
