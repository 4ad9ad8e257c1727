import { Kafka, logLevel } from 'kafkajs'
import { batchesOf, type Candidate, type Payload, payloadOf, type Place, type Task } from '../measurement.ts'
import { createTopic } from './topic.ts'

/** kafkajs as it is: 500 messages per send, three partitions. */
export async function rawKafkaCandidate(
  way: 'eachBatch' | 'eachMessage',
  task: Task,
  { address, topic }: Place,
): Promise<Candidate> {
  const kafka = new Kafka({ clientId: 'raw', brokers: address.split(','), logLevel: logLevel.NOTHING })
  await createTopic(kafka, topic)
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
  const payload = payloadOf(task.payloadBytes)
  let consuming = false
  return {
    async consume(handle, done) {
      consuming = true
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
      await consumer.run(
        way === 'eachBatch'
          ? {
              async eachBatch({ batch: { messages }, resolveOffset, heartbeat }) {
                for (const { value, offset } of messages) {
                  await handle(JSON.parse((value as Buffer).toString()) as Payload)
                  resolveOffset(offset)
                }
                await heartbeat()
                done(messages.length)
              },
            }
          : {
              // As many as there are partitions; more would change nothing.
              partitionsConsumedConcurrently: 3,
              async eachMessage({ message: { value } }) {
                await handle(JSON.parse((value as Buffer).toString()) as Payload)
                done(1)
              },
            },
      )
      await joined
    },
    publish: (event, key = null as unknown as string) =>
      producer.send({ topic, acks: -1, messages: [{ key, value: JSON.stringify(event) }] }),
    async publishMany(count) {
      let next = 0
      for (const size of batchesOf(count)) {
        const messages = Array.from({ length: size }, () => {
          const key = task.keys === 0 ? null : `customer-${next++ % task.keys}`
          return { key, value: JSON.stringify(payload) }
        })
        await producer.send({ topic, acks: -1, messages })
      }
    },
    async close() {
      await Promise.all([producer.disconnect(), consuming ? consumer.disconnect() : undefined])
    },
  }
}
