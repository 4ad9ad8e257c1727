import { Kafka, logLevel } from 'kafkajs'
import { type Candidate, Counter, payload, type Task } from '../measurement.ts'

const batch = 500

/** kafkajs as it is: 500 messages per send, `eachBatch`, three partitions. */
export async function rawKafkaCandidate(task: Task): Promise<Candidate> {
  const topic = `raw-${process.pid}`
  const kafka = new Kafka({ clientId: 'raw', brokers: task.address.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
  let counter = new Counter(0)
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({
    eachBatch: async ({ batch: { messages }, resolveOffset, heartbeat }) => {
      for (const { value, offset } of messages) {
        await handle(JSON.parse((value as Buffer).toString()))
        resolveOffset(offset)
      }
      await heartbeat()
      counter.add(messages.length)
    },
  })
  await joined
  return {
    async run(events) {
      counter = new Counter(events)
      for (let start = 0; start < events; start += batch) {
        const size = Math.min(batch, events - start)
        await producer.send({
          topic,
          acks: -1,
          messages: Array.from({ length: size }, () => ({ value: JSON.stringify(payload) })),
        })
      }
      await counter.reached
    },
    async close() {
      await Promise.all([producer.disconnect(), consumer.disconnect()])
      await admin.deleteTopics({ topics: [topic] })
      await admin.disconnect()
    },
  }
}

async function handle(_event: unknown): Promise<void> {}
