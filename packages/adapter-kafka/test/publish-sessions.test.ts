import { PublishError } from '@bus/core/spi'
import { afterEach, describe, expect, it } from 'vitest'
import type { Driver, Link, OutgoingBatch, PartitionResult, ProduceOptions } from '../src/driver/driver.ts'
import { DriverError } from '../src/driver/driver-error.ts'
import { Names } from '../src/names.ts'
import { Publisher } from '../src/publish/publisher.ts'
import { settingsFrom } from '../src/settings.ts'
import { Topics } from '../src/topics/topics.ts'

/** One partition, and duplicates told as Kafka tells them: by producer, first number and count. */
class Broker {
  readonly log: string[] = []
  /** What it answers; `undefined`: success. */
  answer: string | undefined
  appends = true
  leads = true
  reachable = true
  identities = 0
  lookups = 0
  /** How many records each request brought. */
  readonly requests: number[] = []
  readonly #seen = new Set<string>()

  readonly driver: Driver = {
    open: () =>
      ({
        connect: async () => {},
        close: () => {},
        reset: () => {},
        topics: async () => {
          this.lookups++
          if (!this.reachable) throw new DriverError('CONNECTION', 'connect ECONNREFUSED 10.0.0.1:9092', false)
          return [
            {
              name: 't',
              id: undefined,
              internal: false,
              replicas: 1,
              error: undefined,
              leaders: [this.leads ? 1 : -1],
            },
          ]
        },
        newIdentity: async () => ({ id: `${++this.identities}`, epoch: 0 }),
        produce: async (_node: number, batches: readonly OutgoingBatch[], { identity }: ProduceOptions) =>
          batches.map((batch) => this.#produce(batch, identity?.id)),
      }) as Partial<Link> as Link,
  }

  #produce({ topic, partition, firstSequence, records }: OutgoingBatch, id: string | undefined): PartitionResult {
    this.requests.push(records.length)
    const name = `${id}/${firstSequence}/${records.length}`
    if (id !== undefined && this.#seen.has(name)) return { topic, partition, error: this.answer }
    if (this.appends) {
      this.#seen.add(name)
      this.log.push(...records.map(({ value }) => String(value)))
    }
    return { topic, partition, error: this.answer }
  }
}

let publisher: Publisher
let broker: Broker

function start(options: { idempotent?: boolean } = {}): void {
  broker = new Broker()
  const settings = settingsFrom({ brokers: ['kafka:9092'], publishTimeoutMs: 300, partitions: 1, ...options })
  const names = new Names('')
  publisher = new Publisher(broker.driver, new Topics(broker.driver.open(), names, settings), names, settings, () => {})
}

afterEach(() => publisher.close())

const publish = (body: string): Promise<void> => publisher.publish([{ topic: 't', headers: {}, body }])

async function failure(body: string): Promise<PublishError> {
  const error: unknown = await publish(body).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PublishError)
  return error as PublishError
}

describe('a batch that a leader has appended before it refuses it', () => {
  it.each([
    'NOT_LEADER_FOR_PARTITION',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'KAFKA_STORAGE_ERROR',
    'REQUEST_TIMED_OUT',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'UNKNOWN_SERVER_ERROR',
  ])('%s: may be stored, and its numbers are not used again', async (code) => {
    start()
    broker.answer = code
    expect((await failure('a')).stored).toBe('unknown')
    broker.answer = undefined
    await publish('b')
    await publish('c')
    expect(broker.log).toEqual(['a', 'b', 'c'])
  })

  it('is stored once if the leader is back in time', async () => {
    start()
    broker.answer = 'NOT_LEADER_FOR_PARTITION'
    const publishing = publish('a')
    setTimeout(() => (broker.answer = undefined), 100)
    await publishing
    await publish('b')
    expect(broker.log).toEqual(['a', 'b'])
    expect(broker.identities).toBe(1)
  })

  it.each(['NOT_LEADER_FOR_PARTITION', 'REQUEST_TIMED_OUT', 'UNKNOWN_TOPIC_OR_PARTITION'])(
    'is not sent again without numbers (%s), and the leader is looked for before the next',
    async (code) => {
      start({ idempotent: false })
      await publish('a')
      const { lookups } = broker
      broker.answer = code
      expect(await failure('b')).toMatchObject({ stored: 'unknown', code: 'BUS_PUBLISH_UNCERTAIN' })
      broker.answer = undefined
      await publish('c')
      expect(broker.log).toEqual(['a', 'b', 'c'])
      expect(broker.lookups).toBeGreaterThan(lookups)
    },
  )

  it('is sent again without numbers if it was certainly not stored', async () => {
    start({ idempotent: false })
    broker.appends = false
    broker.answer = 'NOT_ENOUGH_REPLICAS'
    setTimeout(() => {
      broker.appends = true
      broker.answer = undefined
    }, 100)
    await publish('a')
    expect(broker.log).toEqual(['a'])
  })

  it('stays in doubt when it is found to be too large later', async () => {
    start()
    broker.answer = 'NOT_LEADER_FOR_PARTITION'
    setTimeout(() => (broker.answer = 'MESSAGE_TOO_LARGE'), 100)
    const both = publisher.publish(['a', 'b'].map((body) => ({ topic: 't', key: 'k', headers: {}, body })))
    await expect(both).rejects.toMatchObject({ stored: 'unknown' })
    expect(broker.log).toEqual(['a', 'b'])
  })
})

describe('what is published in one tick', () => {
  it('travels together, in portions that no client is slow with and no broker refuses', async () => {
    start()
    await publish('first')
    broker.requests.length = 0
    const bodies = Array.from({ length: 1_200 }, (_, n) => `${n}`)
    await Promise.all(bodies.map(publish))
    expect(broker.requests).toEqual([500, 500, 200])
    expect(broker.log.slice(1)).toEqual(bodies)
    broker.requests.length = 0
    await Promise.all(Array.from({ length: 5 }, () => publish('x'.repeat(400_000))))
    expect(broker.requests).toEqual([2, 2, 1])
  })
})

describe('a batch that a leader refuses before it appends it', () => {
  it.each(['MESSAGE_TOO_LARGE', 'INVALID_RECORD', 'TOPIC_AUTHORIZATION_FAILED', 'NOT_ENOUGH_REPLICAS'])(
    '%s: is not stored',
    async (code) => {
      start()
      broker.appends = false
      broker.answer = code
      expect((await failure('a')).stored).toBe('no')
      broker.appends = true
      broker.answer = undefined
      await publish('b')
      expect(broker.log).toEqual(['b'])
      expect(broker.identities).toBe(1)
    },
  )
})

describe('what publish rejects with when its time is over', () => {
  it('names the last refusal and the brokers', async () => {
    start()
    broker.answer = 'NOT_ENOUGH_REPLICAS'
    broker.appends = false
    const error = await failure('a')
    expect(error.message).toMatch(/within 300 ms.*kafka:9092.*NOT_ENOUGH_REPLICAS/)
    expect((error.cause as Error).cause).toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' })
  })

  it('says that no broker is reached', async () => {
    start()
    broker.reachable = false
    expect((await failure('a')).message).toMatch(/CONNECTION: connect ECONNREFUSED 10\.0\.0\.1:9092/)
  })

  it('says that a partition has no leader', async () => {
    start()
    await publish('a')
    broker.answer = 'NOT_LEADER_FOR_PARTITION'
    broker.leads = false
    expect((await failure('b')).message).toMatch(/NOT_LEADER_FOR_PARTITION/)
    const later = await failure('c')
    expect(later.stored).toBe('no')
    expect(later.message).toMatch(/NOT_LEADER_FOR_PARTITION|no leader/)
  })
})
