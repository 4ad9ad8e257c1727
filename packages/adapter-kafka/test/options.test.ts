import { ConfigInvalidError } from '@bus/core/spi'
import { Partitioners } from 'kafkajs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adapter, KafkaAdapter } from '../src/index.ts'
import { partitionOf } from '../src/publish/partitioner.ts'

function issuesOf(act: () => unknown): Record<string, string> {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigInvalidError)
      return Object.fromEntries(error.issues.map(({ name, problem }) => [name, problem]))
    throw error
  }
  return {}
}

describe('options from the environment', () => {
  it('reads what is set', () => {
    const options = adapter.optionsFromEnv({
      KAFKA_BROKERS: 'one:9092, two:9093',
      KAFKA_CLIENT_ID: 'shop',
      KAFKA_SSL: 'true',
      KAFKA_CONNECTION_TIMEOUT: '30000',
      KAFKA_REQUEST_TIMEOUT: '20000',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'me',
      KAFKA_SASL_PASSWORD: 'hush',
    })
    expect(options).toMatchObject({
      brokers: ['one:9092', 'two:9093'],
      clientId: 'shop',
      ssl: true,
      connectionTimeout: 30_000,
      requestTimeout: 20_000,
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'hush' },
    })
  })

  it('needs brokers; empty is missing', () => {
    expect(issuesOf(() => adapter.optionsFromEnv({ KAFKA_BROKERS: '' }))).toHaveProperty('KAFKA_BROKERS')
    expect(issuesOf(() => adapter.optionsFromEnv({}))).toHaveProperty('KAFKA_BROKERS')
  })

  it('names everything that is wrong at once, and no secret', () => {
    const env = {
      KAFKA_BROKERS: 'me:hush@one:9092',
      KAFKA_SSL: 'perhaps',
      KAFKA_REQUEST_TIMEOUT: 'soon',
      KAFKA_SASL_MECHANISM: 'gssapi',
      KAFKA_SASL_PASSWORD: 'hush',
    }
    const issues = issuesOf(() => adapter.optionsFromEnv(env))
    expect(Object.keys(issues).toSorted()).toEqual([
      'KAFKA_BROKERS',
      'KAFKA_REQUEST_TIMEOUT',
      'KAFKA_SASL_MECHANISM',
      'KAFKA_SASL_USERNAME',
      'KAFKA_SSL',
    ])
    expect(JSON.stringify(issues)).not.toContain('hush')
  })
})

describe('options given in code', () => {
  it('are checked by the constructor, all at once, without a secret', () => {
    const options = {
      brokers: [],
      sasl: { mechanism: 'kerberos', username: '', password: 'hush' },
      partitions: 0,
      prefix: 'a b',
      topics: 'never',
    }
    const issues = issuesOf(() => new KafkaAdapter(options as never))
    expect(Object.keys(issues)).toEqual([
      'kafka.brokers',
      'kafka.prefix',
      'kafka.topics',
      'kafka.partitions',
      'kafka.sasl.mechanism',
      'kafka.sasl.username',
    ])
    expect(JSON.stringify(issues)).not.toContain('hush')
  })
})

describe('the partition of a key', () => {
  it('is the one other clients choose', () => {
    const choose = Partitioners.DefaultPartitioner()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer({ min: 1, max: 100 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 0 }))
        expect(partitionOf(key, count)).toBe(
          choose({ topic: 't', partitionMetadata: partitionMetadata as never, message: { key, value: null } }),
        )
      }),
    )
  })
})
