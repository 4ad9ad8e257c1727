import { Consumer, ProduceAcks, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { batchesOf, type Candidate, type Payload, payloadOf, type Place, type Task } from '../measurement.ts'
import { createTopic } from './topic.ts'

export async function platformaticCandidate(task: Task, { address, topic }: Place): Promise<Candidate> {
  const bootstrapBrokers = address.split(',')
  await createTopic(new Kafka({ brokers: bootstrapBrokers, logLevel: logLevel.NOTHING }), topic)
  const producer = new Producer({
    clientId: 'peer',
    bootstrapBrokers,
    serializers: stringSerializers,
    idempotent: true,
  })
  let consumer: Consumer<string, string, string, string> | undefined
  const payload = payloadOf(task.payloadBytes)
  const send = (events: readonly Payload[]): Promise<unknown> =>
    producer.send({ acks: ProduceAcks.ALL, messages: events.map((event) => ({ topic, value: JSON.stringify(event) })) })
  return {
    async consume(handle, done) {
      consumer = new Consumer({
        clientId: 'peer',
        groupId: topic,
        bootstrapBrokers,
        deserializers: stringDeserializers,
        maxWaitTime: 100,
        autocommit: 100,
      })
      const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
      stream.on('error', () => {})
      stream.on('data', ({ value }) => {
        void handle(JSON.parse(value) as Payload)
        done(1)
      })
    },
    publish: (event) => send([event]),
    async publishMany(count) {
      for (const size of batchesOf(count)) await send(Array.from({ length: size }, () => payload))
    },
    async close() {
      await Promise.all([producer.close(true), consumer?.close(true)])
    },
  }
}
