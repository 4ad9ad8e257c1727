/** What one process is asked to do. */
export interface Task {
  /** Address of the backend: a URL, or brokers separated by commas; unused in memory. */
  readonly address: string
  readonly events: number
  /** How many publishes are under way at once. */
  readonly window: number
  readonly subscriptions: number
  /** 0: events without a key. */
  readonly keys: number
}

export interface Measurement {
  readonly events: number
  /** From the first publish until the last event was handled and acknowledged, in milliseconds. */
  readonly elapsedMs: number
  /** Processor time of this process for it, in microseconds. */
  readonly cpuMicros: number
}

/** Runs after everything is connected and every group has joined. */
export interface Candidate {
  /** Publishes and handles `events` events. */
  run(events: number): Promise<void>
  close(): Promise<void>
}

export type CandidateFactory = (task: Task) => Promise<Candidate>

/** The same event everywhere, about 200 bytes as JSON. */
export const payload: Readonly<Record<string, unknown>> = {
  orderId: 'order-000001',
  customer: 'customer-42',
  total: 99.5,
  currency: 'EUR',
  items: [
    { sku: 'a-1', quantity: 1 },
    { sku: 'b-2', quantity: 3 },
  ],
  note: 'Please ring twice, the bell at the door is rather quiet.',
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
    await Promise.all(Array.from({ length: size }, (_, offset) => publish(start + offset)))
  }
}

/** Resolves when `count` was reached. */
export class Counter {
  #left: number
  #resolve: () => void = () => {}
  readonly reached: Promise<void>

  constructor(count: number) {
    this.#left = count
    this.reached = new Promise((resolve) => (this.#resolve = resolve))
  }

  add(count: number = 1): void {
    this.#left -= count
    if (this.#left <= 0) this.#resolve()
  }
}
