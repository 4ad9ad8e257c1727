import { conformance, facadeCases, spiCases } from '@bus/core/conformance'
import { type SecuredKafka, startSecuredKafka } from '@bus/test-brokers'
import { Kafka, type AclOperationTypes, type AclResourceTypes, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KafkaAdapter } from '../src/index.ts'
import { documentedPermissions } from './acls.ts'
import { adapterAt, closeAdapters, subject } from './kafka.ts'
import { freshTopic } from './worker.ts'

let kafka: SecuredKafka

beforeAll(async () => {
  kafka = await startSecuredKafka({ users: { billing: 'secret', poor: 'secret' } })
  await documentedPermissions(kafka.brokers)
}, 360_000)
afterAll(() => kafka?.stop())

function adapterOf(username: string): KafkaAdapter {
  return adapterAt([kafka.listeners.SASL_PLAINTEXT], {
    prefix: 'billing.',
    sasl: { mechanism: 'plain', username, password: 'secret' },
  })
}

// What needs other permissions than the rest: copies, groups that are deleted, topics that are listed.
const other = /dead|cop(y|ies)|pattern|'\*'|history|replay|forget|delete|trace/
conformance(
  { describe, it: it.concurrent },
  subject('Kafka with the documented permissions and no other', () => adapterOf('billing')),
  [...spiCases, ...facadeCases.filter(({ name }) => other.test(name))],
)

describe('a user who lacks a permission', () => {
  afterEach(closeAdapters)

  it('is told which one, and on what', { timeout: 120_000 }, async () => {
    const topic = freshTopic()
    const [billing, poor] = [adapterOf('billing'), adapterOf('poor')]
    await Promise.all([billing.initialize(), poor.initialize()])
    await poor.ping()
    // What is asked for to be told of, not to work, is left out.
    expect((await poor.durability()).summary).toMatch(/the user may not ask/)
    const publish = (name = topic): Promise<void> => poor.publish([{ topic: name, headers: {}, body: 'x' }])
    const consume = (group?: string): Promise<unknown> =>
      poor.consume({ topics: [{ topic, startFrom: 'earliest' }], ...(group === undefined ? {} : { group }) })
    const read = async (): Promise<void> => {
      for await (const _ of poor.read({ topic }));
    }
    const name = `billing.${topic}`
    await billing.publish([{ topic, headers: {}, body: 'x' }])

    const lacks = (operation: string, on: string) =>
      expect.objectContaining({ message: expect.stringContaining(`lacks the permission ${operation} on ${on}`) })
    await expect(publish()).rejects.toEqual(lacks('Describe', `the topic "${name}"`))
    await expect(publish()).rejects.toMatchObject({ stored: 'no' })
    await expect(consume()).rejects.toEqual(lacks('Describe', `the topic "${name}"`))
    await expect(read()).rejects.toEqual(lacks('Describe', `the topic "${name}"`))
    expect(await poor.listTopics()).toEqual([])

    await allow('poor', topics, name, operations.DESCRIBE)
    await expect(publish()).rejects.toEqual(lacks('Write', 'any topic (or IdempotentWrite on the cluster)'))
    await allow('poor', topics, 'elsewhere', operations.WRITE)
    await expect(publish()).rejects.toEqual(lacks('Write', `the topic "${name}"`))
    await expect(read()).rejects.toEqual(lacks('Read', `the topic "${name}"`))
    await expect(consume('g')).rejects.toEqual(lacks('Describe', `the group "billing.g.${topic}"`))
    const fresh = freshTopic()
    await allow('poor', topics, `billing.${fresh}`, operations.DESCRIBE)
    await expect(publish(fresh)).rejects.toEqual(lacks('Create', `the topic "billing.${fresh}"`))

    await allow('poor', groups, `billing.g.${topic}`, operations.DESCRIBE)
    await expect(consume('g')).rejects.toEqual(lacks('Read', `the group "billing.g.${topic}"`))
    await expect(poor.deleteGroup(topic, 'g')).rejects.toEqual(lacks('Delete', `the group "billing.g.${topic}"`))
    await allow('poor', groups, `billing.g.${topic}`, operations.READ)
    await expect(consume('g')).rejects.toEqual(lacks('Read', `the topic "${name}"`))

    await allow('poor', topics, name, operations.READ)
    await allow('poor', topics, name, operations.WRITE)
    await publish()
    const consumer = (await consume('g')) as Awaited<ReturnType<KafkaAdapter['consume']>>
    expect(await consumer.pull(1, AbortSignal.timeout(20_000))).toHaveLength(1)
  })

  it('and loses it while it works, shows that, and goes on when it is back', { timeout: 120_000 }, async () => {
    const topic = freshTopic()
    const poor = adapterOf('poor')
    const [billing, name] = [adapterOf('billing'), `billing.${topic}`]
    await Promise.all([billing.initialize(), poor.initialize()])
    await billing.publish([{ topic, headers: {}, body: 'a' }])
    await allow('poor', topics, name, operations.READ)
    const consumer = await poor.consume({ topics: [{ topic, startFrom: 'earliest' }] })
    expect(await consumer.pull(1, AbortSignal.timeout(20_000))).toHaveLength(1)
    await withAdmin((admin) =>
      admin.deleteAcls({ filters: [{ ...rule('poor', topics, name, operations.READ), resourceName: name }] }),
    )
    await vi.waitUntil(() => consumer.state.status === 'failing', { timeout: 20_000 })
    expect(consumer.state).toMatchObject({ reason: expect.stringContaining('lacks the permission Read on the topic') })
    await billing.publish([{ topic, headers: {}, body: 'b' }])
    await allow('poor', topics, name, operations.READ)
    expect(await consumer.pull(1, AbortSignal.timeout(20_000))).toHaveLength(1)
  })
})

// https://kafka.apache.org/protocol.html, CreateAcls
const topics = 2 as AclResourceTypes
const groups = 3 as AclResourceTypes
const operations = { READ: 3, WRITE: 4, DESCRIBE: 8 } as const
const [allowed, literal] = [3, 3]

function rule(user: string, resourceType: AclResourceTypes, resourceName: string, operation: number) {
  const who = { principal: `User:${user}`, host: '*', permissionType: allowed, resourcePatternType: literal }
  return { ...who, resourceType, resourceName, operation: operation as AclOperationTypes }
}

async function allow(user: string, type: AclResourceTypes, name: string, operation: number): Promise<void> {
  const given = rule(user, type, name, operation)
  await withAdmin(async (admin) => {
    await admin.createAcls({ acl: [given] })
    // The broker knows of it a moment after the controller.
    const known = async (): Promise<boolean> => (await admin.describeAcls(given)).resources.length > 0
    await vi.waitUntil(known, { timeout: 20_000 })
  })
}

async function withAdmin(use: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await use(admin)
  } finally {
    await admin.disconnect()
  }
}
