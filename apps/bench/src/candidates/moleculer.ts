import { Middleware } from '@moleculer/channels'
import { Kafka, logLevel } from 'kafkajs'
import { type BrokerOptions, ServiceBroker } from 'moleculer'
import type { Candidate, Payload, Place, Task } from '../measurement.ts'
import { createTopic } from './topic.ts'

const maxInFlight = 100

export async function moleculerCandidate(
  backend: 'redis' | 'kafka',
  _task: Task,
  { address, topic }: Place,
): Promise<Candidate> {
  const broker = new ServiceBroker({
    logger: false,
    middlewares: [Middleware({ adapter: adapterOf(backend, address) })] as BrokerOptions['middlewares'] & object,
  }) as ServiceBroker & { sendToChannel(topic: string, payload: Payload): Promise<void> }
  if (backend === 'kafka')
    await createTopic(new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }), topic)
  let started: Promise<void> | undefined
  // Its services must be known before.
  const start = (): Promise<void> => (started ??= broker.start())
  return {
    async consume(handle, done) {
      broker.createService({
        name: 'consumer',
        channels: {
          [topic]: {
            group: 'group',
            maxInFlight,
            async handler(payload: Payload) {
              await handle(payload)
              done(1)
            },
          },
        },
      } as Parameters<typeof broker.createService>[0])
      await start()
    },
    async publish(payload) {
      await start()
      await broker.sendToChannel(topic, payload)
    },
    close: () => broker.stop(),
  }
}

function adapterOf(backend: 'redis' | 'kafka', address: string): object {
  if (backend === 'kafka') return { type: 'Kafka', options: { kafka: { brokers: address.split(',') } } }
  const { hostname, port } = new URL(address)
  // It reads the pairs of RESP2.
  return { type: 'Redis', options: { redis: { host: hostname, port: Number(port), protocol: 2 } } }
}
