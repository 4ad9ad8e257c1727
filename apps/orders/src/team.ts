import type { Order } from './events.ts'
import type { Fact } from './fact.ts'

/** The services at work, in this process or in their own. */
export interface Team {
  /** How it is run, for people. */
  readonly summary: string
  /** Has the order service take in these orders. */
  place(orders: readonly Order[]): void
  /** SIGKILL: the process of that service is gone in the middle of its work. */
  kill(service: string): void
  /** Rejects when a service cannot go on; never resolves. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export type Listen = (fact: Fact) => void
