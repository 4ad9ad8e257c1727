import type { AdapterCapabilities, EventBusAdapter } from '../spi/index.ts'

/** What is true of an adapter. It decides which cases apply, and is itself put to the test. */
export interface Facts extends AdapterCapabilities {
  /** Its deliveries have `forward`. */
  readonly forwards: boolean
}

/** An adapter under test. */
export interface Subject {
  /** For the report: `memory`, or what the backend is called. */
  readonly name: string
  readonly facts: Facts
  /**
   * A new adapter that was not initialised yet. Where `facts.shared`, all adapters of one subject see the same topics.
   * The suite closes what it creates.
   */
  create(): EventBusAdapter | Promise<EventBusAdapter>
  /**
   * How long, in milliseconds, the loans of a dead member stay with it; make it short for the tests. That a loan is
   * **not** given to another member is watched for two and a half times as long. Absent: loans do not expire.
   */
  readonly leaseMs?: number | undefined
  /** How long anything that must happen may take, in milliseconds; default 20,000. A case may take three times as long. */
  readonly patienceMs?: number | undefined
}

/** The two functions of a test runner that the suite needs; those of vitest, `node:test`, jest and mocha will do. */
export interface Runner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>): unknown
}
