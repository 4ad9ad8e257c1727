import { KafkaAdapter, type KafkaAdapterOptions } from '@bus/adapter-kafka'
import { kafkaTool, startSecuredKafka } from '@bus/test-brokers'
import { describe, expect, it, vi } from 'vitest'
import { environmentOf, sharedBackends } from './support/backends.ts'
import { bus, jsonLines } from './support/cli.ts'

interface Finding {
  readonly check: string
  readonly status: string
  readonly detail: string
}

/** Who has made topics before, each with one message. */
async function made(env: NodeJS.ProcessEnv, topic: string, options: Partial<KafkaAdapterOptions>): Promise<void> {
  const adapter = new KafkaAdapter({
    brokers: (env['KAFKA_BROKERS'] ?? '').split(','),
    prefix: env['KAFKA_PREFIX'],
    replicationFactor: 1,
    minInsyncReplicas: 1,
    logger: {},
    ...options,
  })
  try {
    await adapter.initialize()
    await adapter.publish([{ topic, headers: {}, body: '{}' }])
  } finally {
    await adapter.close()
  }
}

async function doctor(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number | null; found: Finding[] }> {
  const { code, stdout } = await bus(['doctor', '--json', ...args], { env })
  return { code, found: jsonLines<Finding>(stdout) }
}

function details(found: readonly Finding[], check: string, status: string): string[] {
  return found.filter((finding) => finding.check === check && finding.status === status).map(({ detail }) => detail)
}

describe.runIf(sharedBackends().includes('kafka'))('doctor on kafka', () => {
  it('tells how topics are kept that it does not use, and which are weak', { timeout: 180_000 }, async () => {
    const env = environmentOf('kafka')
    const day = 86_400_000
    await made(env, 'orders', { partitions: 1, retentionMs: day })
    await made(env, 'orders.billing.retry', { keptRetentionMs: 30 * day })
    await made(env, 'orders.delayed', { keptRetentionMs: day })
    const [server, topic] = [env['KAFKA_BROKERS'] ?? '', `${env['KAFKA_PREFIX']}orders`]
    await kafkaTool('topics', ['--bootstrap-server', server, '--alter', '--topic', topic, '--partitions', '3'])

    // Brokers know of partitions a moment after the controller.
    const { code, found } = await vi.waitFor(
      async () => {
        const told = await doctor(env)
        expect(JSON.stringify(told.found)).toContain('not as many partitions')
        return told
      },
      { timeout: 60_000 },
    )
    expect(code).toBe(0)
    expect(found.filter(({ status }) => status === 'problem')).toEqual([])
    expect(details(found, 'list topics', 'ok')).toEqual(['1 topic'])
    expect(details(found, 'durability', 'ok')).toEqual([
      expect.stringMatching(
        /^Events are with one broker only .*acks=all replication\.factor=1 min\.insync\.replicas=1/,
      ),
    ])
    expect(details(found, 'settings', 'warning')).toEqual([
      expect.stringMatching(/^Topics .*"orders\.delayed".* have one replica only: .*KAFKA_REPLICATION_FACTOR/),
      expect.stringMatching(
        /^Topic "orders\.billing\.retry" \(1, not 3\) has not as many partitions .*kafka-topics\.sh/,
      ),
      expect.stringMatching(
        /^Topic "orders\.delayed" \(86400000, not 2592000000\) has a retention\.ms below .*removed/,
      ),
    ])
  })

  it('says what is missing, with the commands that make it', { timeout: 120_000 }, async () => {
    const env = { ...environmentOf('kafka'), KAFKA_TOPICS: 'require' }
    const { code, found } = await doctor(env, '--write', 'probes')
    expect(code).toBe(3)
    expect(details(found, 'publish', 'problem')).toEqual([
      expect.stringMatching(/kafka-topics\.sh .*--create .*probes/),
    ])
    const text = await bus(['doctor', '--write', 'probes'], { env })
    expect(text.code).toBe(3)
    expect(text.stdout).toMatch(/^problem +publish +/m)
    expect(text.stderr).toContain('1 problem')
  })

  it('names the permission that the user lacks, and a password that is wrong', { timeout: 300_000 }, async () => {
    await using kafka = await startSecuredKafka({ users: { poor: 's3cret' } })
    const [server = ''] = kafka.brokers
    await made({ KAFKA_BROKERS: server, KAFKA_PREFIX: 'shop.' }, 'orders', {})
    const sees = ['--add', '--allow-principal', 'User:poor', '--topic', 'shop.orders', '--operation', 'Describe']
    await kafkaTool('acls', ['--bootstrap-server', server, ...sees])
    const env = {
      EVENT_BUS_ADAPTER: 'kafka',
      KAFKA_BROKERS: kafka.listeners.SASL_PLAINTEXT,
      KAFKA_PREFIX: 'shop.',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'poor',
      KAFKA_SASL_PASSWORD: 's3cret',
    }
    const { code, found } = await vi.waitFor(
      async () => {
        const told = await doctor(env)
        expect(details(told.found, 'list topics', 'ok')).toEqual(['1 topic'])
        return told
      },
      { timeout: 60_000 },
    )
    expect(code).toBe(3)
    expect(details(found, 'read topics', 'problem')).toEqual([
      expect.stringContaining('lacks the permission Read on the topic "shop.orders"'),
    ])
    expect(details(found, 'settings', 'warning')).toEqual([
      expect.stringMatching(/^Topic "orders" has one replica only/),
    ])
    const wrong = await doctor({ ...env, KAFKA_SASL_PASSWORD: 'guessed' })
    expect(wrong.code).toBe(3)
    expect(details(wrong.found, 'connection', 'problem')).toEqual([expect.stringMatching(/auth/i)])
    expect(JSON.stringify([found, wrong])).not.toMatch(/s3cret|guessed/)
  })
})
