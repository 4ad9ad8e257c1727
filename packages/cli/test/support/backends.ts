import { randomBytes } from 'node:crypto'
import { createEventBusAdapter, EventBus } from '@bus/core'
import type { EventBusAdapter } from '@bus/core/spi'

/** Backends that this run of the tests has; `BUS_TEST_ONLY` may have left some out. */
export function sharedBackends(): string[] {
  return ['redis', 'kafka'].filter((name) => addressOf(name) !== undefined)
}

/** The variables of an application that nobody else shares topics with. */
export function environmentOf(backend: string): NodeJS.ProcessEnv {
  const prefix = `cli-${randomBytes(6).toString('hex')}`
  return backend === 'redis'
    ? { EVENT_BUS_ADAPTER: 'redis', REDIS_URL: addressOf('redis'), REDIS_PREFIX: prefix }
    : {
        EVENT_BUS_ADAPTER: 'kafka',
        KAFKA_BROKERS: addressOf('kafka'),
        KAFKA_PREFIX: `${prefix}.`,
        KAFKA_PARTITIONS: '2',
        KAFKA_SESSION_TIMEOUT: '6000',
      }
}

/** The application itself, with its handlers, in this process. */
export class Application implements AsyncDisposable {
  readonly bus: EventBus
  readonly adapter: EventBusAdapter

  private constructor(adapter: EventBusAdapter) {
    this.adapter = adapter
    this.bus = new EventBus(adapter, 'shop', { logger: { debug() {}, info() {}, warn() {}, error() {} } })
  }

  static async start(env: NodeJS.ProcessEnv): Promise<Application> {
    return new Application(await createEventBusAdapter({ env }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bus.close()
    await this.adapter.close()
  }
}

function addressOf(backend: string): string | undefined {
  return process.env[backend === 'redis' ? 'BUS_TEST_REDIS_URL' : 'BUS_TEST_KAFKA_BROKERS'] || undefined
}
