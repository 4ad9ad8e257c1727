import { Socket } from 'node:net'
import { KafkaAdapter } from '@bus/adapter-kafka'
import { EventBus } from '@bus/core'
import { startKafka } from '@bus/test-brokers'
import { expect, test } from 'vitest'
import { payloadOf } from '../src/measurement.ts'
import { allAcknowledged, Countdown } from './traffic.ts'

const events = 3_000
const partitions = 3
const payload = payloadOf(200)

/** https://kafka.apache.org/protocol.html#protocol_api_keys */
const names: Readonly<Record<number, string>> = { 0: 'produce', 1: 'fetch', 8: 'offsetCommit' }

test('thousands of events cost Kafka a handful of requests', async () => {
  await using kafka = await startKafka()
  const topic = `guard-${process.pid}-${Date.now()}`
  const adapter = new KafkaAdapter({ brokers: kafka.brokers, partitions })
  const bus = new EventBus(adapter, 'guard', { ownsAdapter: true })
  const ports = new Set(kafka.brokers.map((broker) => Number(broker.split(':').at(-1))))
  const countdown = new Countdown()
  const allHandled = async (count: number): Promise<void> => {
    const reached = countdown.from(count)
    await Promise.all(Array.from({ length: count }, () => bus.publish(topic, 'order.created', payload)))
    await reached
    await allAcknowledged(adapter, topic, 'one')
  }
  try {
    await bus.subscribe(topic, () => countdown.step(), { consumerGroup: 'one', concurrency: 1 })
    await allHandled(100)

    const counts = await requests(ports, () => allHandled(events))

    // 500 events of each partition fit into one.
    expect(counts.get('produce')).toBeGreaterThan(0)
    expect(counts.get('produce')).toBeLessThanOrEqual(8)
    // One handler at a time, and still in windows. An idle consumer asks ten times a second, too.
    expect(counts.get('fetch')).toBeLessThan(60)
    expect(counts.get('offsetCommit')).toBeLessThan(50)
    expect(total(counts)).toBeLessThan(250)
  } finally {
    await bus.close()
  }
})

/** Requests by kind: kafkajs writes each at once, its length before it, then its kind. */
async function requests(ports: ReadonlySet<number>, act: () => Promise<void>): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const { write } = Socket.prototype
  Socket.prototype.write = function (this: Socket, ...args: Parameters<typeof write>) {
    const [bytes] = args
    if (Buffer.isBuffer(bytes) && bytes.length >= 8 && ports.has(this.remotePort ?? 0)) {
      const name = names[bytes.readInt16BE(4)] ?? 'other'
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return write.apply(this, args)
  } as typeof write
  try {
    await act()
  } finally {
    Socket.prototype.write = write
  }
  return counts
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
