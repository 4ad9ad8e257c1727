import type { Layers } from './layers.ts'

/** `profile`: end to end, and where its processor time goes. */
export type Kind = 'publish' | 'end to end' | 'profile' | 'latency' | 'heap' | 'idle'

/** What is measured; the same for every candidate. */
export interface Task {
  readonly kind: Kind
  /** How many publishes are under way at once; above 1 a candidate may use its own way to publish many. */
  readonly window: number
  /** Groups, each of which gets every event. */
  readonly subscriptions: number
  /** 0: events without a key. */
  readonly keys: number
  readonly concurrency: number
  /** How long a handler takes, in milliseconds; 0: it returns at once. */
  readonly handlerMs: number
  readonly payloadBytes: number
  /** 2: those who publish and those who handle are processes of their own. */
  readonly processes: 1 | 2
  /** Processes that share one group; above 1 only with two processes. */
  readonly members: number
  /** Events per second, for latencies. */
  readonly rate?: number
  /** A fixed number of events, where the growth with it is the question. */
  readonly events?: number
  /** Other topics, each with a subscription; they are idle. */
  readonly unrelated?: number
  /** Events on loan at once; unset: the default. */
  readonly prefetch?: number
  /** Of the topic, where the backend has them; unset: three. */
  readonly partitions?: number
}

export const simplest: Task = {
  kind: 'end to end',
  window: 500,
  subscriptions: 1,
  keys: 0,
  concurrency: 1,
  handlerMs: 0,
  payloadBytes: 200,
  processes: 1,
  members: 1,
}

/** Where a candidate does it. */
export interface Place {
  /** A URL, or brokers separated by commas; unused in memory. */
  readonly address: string
  /** One topic for each measurement. */
  readonly topic: string
}

/** One run of one candidate. */
export interface Sample {
  readonly events: number
  /** From the first publish until the last event was handled and acknowledged, in milliseconds. */
  readonly elapsedMs: number
  /** Processor time of the one process that published and handled, in microseconds. */
  readonly cpuMicros?: number
  readonly latencyMs?: { readonly p50: number; readonly p95: number; readonly p99: number }
  readonly heapGrowthMb?: number
  /** Microseconds of all events together, as the profiler saw them. */
  readonly layers?: Layers
}

export interface Payload {
  /** When `publish` was called, in milliseconds of the epoch. */
  readonly at?: number
}

export type Handle = (payload: Payload) => Promise<void> | void

/** One way to move events; it is connected when its factory resolves. */
export interface Candidate {
  /** Joins `task.subscriptions` groups. `done` is told of events that were handled and acknowledged. */
  consume?(handle: Handle, done: (count: number) => void): Promise<void>
  /** One event, awaited on its own. */
  publish(payload: Payload, key: string | undefined): Promise<unknown>
  /** The quickest way to publish `count` events, in order; windows of `publish` where there is none. */
  publishMany?(count: number): Promise<void>
  /** Resolves when the backend knows of every acknowledgement, where `done` cannot tell. */
  acknowledged?(): Promise<void>
  close(): Promise<void>
}

export type CandidateFactory = (task: Task, place: Place) => Promise<Candidate>

const order = {
  orderId: 'order-000001',
  customer: 'customer-42',
  total: 99.5,
  currency: 'EUR',
  items: [
    { sku: 'a-1', quantity: 1 },
    { sku: 'b-2', quantity: 3 },
  ],
}

/** The same event everywhere: as JSON about `bytes` long. */
export function payloadOf(bytes: number): Payload {
  const missing = Math.max(0, bytes - JSON.stringify({ ...order, note: '' }).length)
  return { ...order, note: 'Please ring twice. '.repeat(Math.ceil(missing / 19)).slice(0, missing) } as Payload
}

export function keyOf(index: number, keys: number): string | undefined {
  return keys === 0 ? undefined : `customer-${index % keys}`
}

/** Calls `publish` for 0 to `events` − 1, `window` of them at once, each awaited on its own. */
export async function inWindows(
  events: number,
  window: number,
  publish: (index: number) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < events; start += window) {
    const size = Math.min(window, events - start)
    if (size === 1) await publish(start)
    else await Promise.all(Array.from({ length: size }, (_, offset) => publish(start + offset)))
  }
}

/** How many go into one batch of the clients that are given batches. */
export const batchSize = 500

/** The sizes of the batches that `events` events make. */
export function* batchesOf(events: number, size: number = batchSize): Generator<number> {
  for (let start = 0; start < events; start += size) yield Math.min(size, events - start)
}

/** Milliseconds of the epoch, in fractions: comparable between the processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
