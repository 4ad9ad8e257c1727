import { randomBytes } from 'node:crypto'
import { adapter as kafka } from '@bus/adapter-kafka'
import { adapter as memory } from '@bus/adapter-memory'
import { adapter as redis } from '@bus/adapter-redis'
import { createEventBusAdapter, EventBus } from '@bus/core'
import { otel } from '../../src/index.ts'

const adapters = [memory, redis, kafka]
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Those that this run of the tests has; `BUS_TEST_ONLY` may have left some out. */
export function backends(): string[] {
  return ['memory', 'redis', 'kafka'].filter((name) => name === 'memory' || addressOf(name) !== undefined)
}

/** Buses of several services, each as if in a process of its own, on one backend. */
export class Services implements AsyncDisposable {
  readonly #env: NodeJS.ProcessEnv
  readonly #open = new AsyncDisposableStack()
  #inMemory: ReturnType<typeof createEventBusAdapter> | undefined

  constructor(backend: string) {
    const prefix = `otel-${randomBytes(6).toString('hex')}`
    this.#env = {
      EVENT_BUS_ADAPTER: backend,
      REDIS_URL: addressOf('redis'),
      REDIS_PREFIX: prefix,
      KAFKA_BROKERS: addressOf('kafka'),
      KAFKA_PREFIX: `${prefix}.`,
      KAFKA_PARTITIONS: '1',
      KAFKA_SESSION_TIMEOUT: '6000',
    }
  }

  async start(name: string): Promise<EventBus> {
    const bus = new EventBus(await this.#adapter(), name, { logger: silent })
    this.#open.defer(() => bus.close())
    this.#open.defer(otel(bus, { attributes: { service: name } }))
    return bus
  }

  /** In memory there is one for all. */
  async #adapter(): ReturnType<typeof createEventBusAdapter> {
    if (this.#env['EVENT_BUS_ADAPTER'] === 'memory') return (this.#inMemory ??= this.#create())
    return this.#create()
  }

  async #create(): ReturnType<typeof createEventBusAdapter> {
    const adapter = await createEventBusAdapter({ env: this.#env, adapters })
    this.#open.defer(() => adapter.close())
    return adapter
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync()
  }
}

function addressOf(backend: string): string | undefined {
  return process.env[backend === 'redis' ? 'BUS_TEST_REDIS_URL' : 'BUS_TEST_KAFKA_BROKERS'] || undefined
}
