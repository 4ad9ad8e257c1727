import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type SecuredKafka, startSecuredKafka } from '@bus/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaAdapter, KafkaAdapterOptions } from '../src/index.ts'
import { saslMechanisms } from '../src/settings.ts'
import { documentedPermissions } from './acls.ts'
import { adapterAt, closeAdapters } from './kafka.ts'
import { freshTopic } from './worker.ts'

let kafka: SecuredKafka
const username = 'billing'
const password = 'billing-s3cret'

beforeAll(async () => {
  kafka = await startSecuredKafka({ users: { [username]: password } })
  await documentedPermissions(kafka.brokers)
  await documentedPermissions(kafka.brokers, 'CN=client')
}, 360_000)
afterEach(closeAdapters)
afterAll(() => kafka?.stop())

type Way = Partial<KafkaAdapterOptions> & { readonly broker: string }

function adapterBy({ broker, ...options }: Way): KafkaAdapter {
  return adapterAt([broker], { prefix: 'billing.', connectionTimeout: 5_000, ...options })
}

/** One event there and back, through a group. */
async function exercise(adapter: KafkaAdapter): Promise<void> {
  await adapter.initialize()
  const topic = freshTopic()
  const consumer = await adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group: 'g' })
  await adapter.publish([{ topic, key: 'k', headers: {}, body: 'x' }])
  const [delivery] = await consumer.pull(1, AbortSignal.timeout(20_000))
  expect(Buffer.from(delivery?.message.body ?? []).toString()).toBe('x')
  await delivery?.ack()
  await consumer.close()
}

async function refusal(way: Way): Promise<string> {
  const error: unknown = await adapterBy(way)
    .initialize()
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'BUS_BACKEND_UNAVAILABLE' })
  const told = `${(error as Error).message} ${String((error as Error).cause)}`
  expect(told).not.toContain(password)
  return told
}

describe('a broker that asks who comes', () => {
  it.each(saslMechanisms)('lets in by %s, over TLS and without it', async (mechanism) => {
    const sasl = { mechanism, username, password }
    await exercise(adapterBy({ broker: kafka.listeners.SASL_SSL, ssl: { ca: kafka.ca }, sasl }))
    await exercise(adapterBy({ broker: kafka.listeners.SASL_PLAINTEXT, sasl }))
  })

  it('lets in by a certificate', async () => {
    await exercise(adapterBy({ broker: kafka.listeners.SSL, ssl: { ca: kafka.ca, ...kafka.client } }))
    expect(await refusal({ broker: kafka.listeners.SSL, ssl: { ca: kafka.ca } })).toMatch(/certificate|closed/i)
  })

  it.each(saslMechanisms)('refuses a wrong password by %s, at once and saying so', async (mechanism) => {
    const began = Date.now()
    const sasl = { mechanism, username, password: `${password}-wrong` }
    const told = await refusal({ broker: kafka.listeners.SASL_PLAINTEXT, sasl })
    expect(told).toMatch(/SASL_AUTHENTICATION_FAILED/)
    expect(Date.now() - began).toBeLessThan(4_500)
  })

  it('is not trusted unless its authority is, nor mistaken for one that asks for nothing', async () => {
    const sasl = { mechanism: 'plain', username, password } as const
    expect(await refusal({ broker: kafka.listeners.SASL_SSL, ssl: true, sasl })).toMatch(/unable to verify|self-signed/)
    expect(await refusal({ broker: kafka.listeners.SASL_PLAINTEXT })).toMatch(/user and password/)
    expect(await refusal({ broker: kafka.listeners.SASL_SSL, sasl })).toMatch(/TLS/)
    const told = await refusal({ broker: kafka.brokers[0] ?? '', ssl: { ca: kafka.ca } })
    expect(told).toMatch(/TLS/)
  })

  it('is reached with nothing but variables of the environment', { timeout: 60_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bus-ca-'))
    try {
      await writeFile(join(directory, 'ca.pem'), kafka.ca)
      const env = {
        EVENT_BUS_ADAPTER: 'kafka',
        KAFKA_BROKERS: kafka.listeners.SASL_SSL,
        KAFKA_CLIENT_ID: 'from-env',
        KAFKA_SSL: 'true',
        KAFKA_CONNECTION_TIMEOUT: '20000',
        KAFKA_REQUEST_TIMEOUT: '20000',
        KAFKA_SASL_MECHANISM: 'scram-sha-512',
        KAFKA_SASL_USERNAME: username,
        KAFKA_SASL_PASSWORD: password,
        KAFKA_PREFIX: 'billing.',
        NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
      }
      const program = new URL('processes/from-env.ts', import.meta.url).pathname
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=@bus/source', program, freshTopic()],
        {
          env: { ...process.env, ...env },
          timeout: 50_000,
        },
      )
      expect(JSON.parse(stdout)).toEqual({ adapter: 'kafka', type: 'order.placed', payload: { id: 'o-1' } })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
