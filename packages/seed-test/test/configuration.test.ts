import { adapter as kafka, KafkaAdapter, type KafkaAdapterOptions } from '@bus/adapter-kafka'
import { adapter as memory } from '@bus/adapter-memory'
import { adapter as redis } from '@bus/adapter-redis'
import { type BaseEvent, createEventBusAdapter, type EventBus, EventTopics, RetryAfterError } from '@bus/core'
import { EventBusError } from '@bus/core/spi'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inMemoryAdapter, kafkaAdapter, redisAdapter } from '../src/blocks/adapters.ts'
import { integrationTest } from '../src/blocks/integration-test.ts'
import { programmaticConfiguration } from '../src/blocks/programmatic-configuration.ts'
import { EventTopics as expectedTopics } from '../src/blocks/standard-topics.ts'
import { unitTest } from '../src/blocks/unit-test.ts'
import { backends, choose, variablesOf } from './support/backend.ts'
import { Recorder } from './support/recorder.ts'

async function rejection(work: Promise<unknown>): Promise<EventBusError> {
  const error: unknown = await work.then(
    () => new Error('it resolved'),
    (reason: unknown) => reason,
  )
  if (EventBusError.is(error)) return error
  throw error
}

describe.each(backends)('a bus that is configured by program, on %s', (backend) => {
  let eventBus: EventBus

  beforeEach(async () => {
    await choose(backend)
    // The example's own options for subscriptions; the server is the one that runs here.
    eventBus = await programmaticConfiguration(({ defaultSubscriptionOptions } = {}) =>
      createEventBusAdapter({ defaultSubscriptionOptions }),
    )
  })

  afterEach(async () => {
    await eventBus.close()
    vi.unstubAllEnvs()
  })

  it('hands the options for subscriptions on to every subscription', async () => {
    const failing = new Recorder<BaseEvent>(() => {
      throw new RetryAfterError(1, 'not yet')
    })
    const own = new Recorder<BaseEvent>(() => {
      throw new RetryAfterError(1, 'not yet')
    })
    const dead = new Recorder<BaseEvent>()
    await eventBus.subscribe('orders.broadcast.dlq', dead.call)
    await eventBus.subscribe('orders', failing.call)
    await eventBus.subscribe('orders', own.call, { maxRetries: 0 })
    await eventBus.publish('orders', 'placed', {})
    await dead.reached(2)
    expect([failing.calls.length, own.calls.length]).toEqual([6, 1])
    expect(new Set(dead.calls.map(({ metadata }) => metadata.attempts))).toEqual(new Set([1, 6]))
    expect(dead.calls[0]?.metadata).toMatchObject({ failureReason: 'not yet', source: 'my-service' })
  })
})

describe('a server that is not there', () => {
  it('is named by the program that wanted it, within its time, and no secret is', async () => {
    const error = await rejection(programmaticConfiguration())
    expect(error.code).toBe('BUS_BACKEND_UNAVAILABLE')
    expect(error.message).toContain('redis.example.com')
    expect(error.message).not.toMatch(/secret/)
  })

  it('is named by its adapter, and no secret is', async () => {
    const error = await rejection(kafkaAdapter())
    expect(error.code).toBe('BUS_BACKEND_UNAVAILABLE')
    expect(error.message).toMatch(/kafka[12]:9092/)
    expect(error.message).not.toMatch(/\bpass\b/)
  })
})

describe('adapters', () => {
  it('are made without a server', async () => {
    const made = [inMemoryAdapter(), redisAdapter()]
    expect(made.map(({ name }) => name)).toEqual(['memory', 'redis'])
    for (const adapter of made) await adapter.close()
  })

  it('are initialized and used where their server is', async () => {
    const { KAFKA_BROKERS = '' } = await variablesOf('kafka')
    class Here extends KafkaAdapter {
      constructor({ clientId }: KafkaAdapterOptions) {
        super({ clientId, brokers: KAFKA_BROKERS.split(',') })
      }
    }
    const adapter = await kafkaAdapter(Here)
    await expect(adapter.ping()).resolves.toBeUndefined()
    await adapter.close()
  })

  it('serve a unit test of the application, history included', async () => {
    const adapter = await unitTest(expect)
    expect(adapter.getHistory('test.topic')).toEqual([])
  })

  it('serve an integration test with a server of its own', async () => {
    let pinged = false
    await integrationTest(async (adapter) => {
      await adapter.initialize()
      await adapter.ping()
      pinged = true
      await adapter.close()
    })
    expect(pinged).toBe(true)
  })
})

describe('the configuration by environment variables', () => {
  it('knows every variable of the example', () => {
    expect(memory.optionsFromEnv({ EVENT_BUS_MEMORY_MAX_HISTORY: '1000', EVENT_BUS_MEMORY_PERSIST: 'false' })).toEqual({
      maxHistorySize: 1000,
      persistToDisk: false,
    })
    const server = {
      REDIS_HOST: 'localhost',
      REDIS_PORT: '6379',
      REDIS_PASSWORD: '',
      REDIS_DB: '0',
      REDIS_TLS: 'false',
    }
    expect(redis.optionsFromEnv(server)).toMatchObject({
      host: 'localhost',
      port: 6379,
      password: undefined,
      db: 0,
      tls: false,
    })
    const brokers = {
      KAFKA_BROKERS: 'localhost:9092,localhost:9093',
      KAFKA_CLIENT_ID: 'jellos-api',
      KAFKA_SSL: 'false',
      KAFKA_CONNECTION_TIMEOUT: '30000',
      KAFKA_REQUEST_TIMEOUT: '30000',
      KAFKA_SASL_MECHANISM: 'scram-sha-256',
      KAFKA_SASL_USERNAME: 'user',
      KAFKA_SASL_PASSWORD: 'pass',
    }
    expect(kafka.optionsFromEnv(brokers)).toMatchObject({
      brokers: ['localhost:9092', 'localhost:9093'],
      clientId: 'jellos-api',
      ssl: false,
      connectionTimeout: 30_000,
      requestTimeout: 30_000,
      sasl: { mechanism: 'scram-sha-256', username: 'user', password: 'pass' },
    })
  })

  it('has the standard topics of the example', () => {
    expect(EventTopics).toEqual(expectedTopics)
  })

  it('tells three mistakes at once, and no secret', async () => {
    const env = {
      EVENT_BUS_ADAPTER: 'redis',
      REDIS_PORT: 'abc',
      REDIS_TLS: 'perhaps',
      REDIS_PASSWORD: 'hunter2',
      EVENT_BUS_DEFAULT_USE_DLQ: 'sometimes',
    }
    const error = await rejection(createEventBusAdapter({ env }))
    expect(error.code).toBe('BUS_CONFIG_INVALID')
    for (const name of ['REDIS_PORT: "abc"', 'REDIS_TLS: "perhaps"', 'EVENT_BUS_DEFAULT_USE_DLQ: "sometimes"']) {
      expect(error.message).toContain(name)
    }
    expect(error.message).not.toContain('hunter2')
  })

  it('is not asked for the options of an adapter that are given, even none', async () => {
    const adapter = await createEventBusAdapter({
      adapter: 'memory',
      memory: {},
      env: { EVENT_BUS_MEMORY_MAX_HISTORY: 'many' },
    })
    expect(adapter.name).toBe('memory')
    await adapter.close()
    const wrong = createEventBusAdapter({ adapter: 'kafka', env: { KAFKA_BROKERS: '', KAFKA_SASL_MECHANISM: 'md5' } })
    expect((await rejection(wrong)).message).toMatch(/KAFKA_BROKERS.*\n.*KAFKA_SASL_MECHANISM/)
  })
})
