import type { ChildProcess } from 'node:child_process'
import type { AdapterCapabilities, EventBusAdapter } from '../spi/index.ts'

/** What is true of an adapter. It decides which cases apply, and is itself put to the test. */
export interface Facts extends AdapterCapabilities {
  /** Its deliveries have `forward`. */
  readonly forwards: boolean
  /** The backend is a server, reached over a connection that can break. */
  readonly remote: boolean
}

/** A server of the subject's backend that one case has to itself, to break it. */
export interface PrivateBackend {
  /** A new adapter that was not initialised yet; what it says and hears goes through the same wire. */
  create(): EventBusAdapter
  /** From now on not a byte passes, in either direction, and nobody is told. */
  cut(): void
  /** What was held back passes now. */
  restore(): void
  /** Ends every connection; new ones are served. */
  reset(): void
  /** Kills the server and starts it again with all that it had promised to keep; resolves when it serves. */
  restart(): Promise<void>
  /** Everything is gone: messages, topics, groups. */
  wipe(): Promise<void>
  /** The case is over. */
  release(): Promise<void>
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
  /** Where `facts.remote`: a server to be broken. Cases that ask for one run one after the other. */
  privateBackend?(): Promise<PrivateBackend>
  /**
   * Where `facts.shared`: a process that calls `memberProcess()` with this task and an adapter like those of `create`.
   * Its standard output is a pipe.
   */
  spawn?(task: string): ChildProcess | Promise<ChildProcess>
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
  /** For what must not run beside anything else; needed only if `it` runs tests at the same time. */
  alone?(name: string, body: () => Promise<void>): unknown
}
