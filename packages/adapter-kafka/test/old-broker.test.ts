import { conformance, spiCases } from '@bus/core/conformance'
import { type Kafka, startKafka } from '@bus/test-brokers'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { adapterAt, subject } from './kafka.ts'

let broker: Kafka | undefined

beforeAll(async () => {
  broker = await startKafka({ version: '3.9.2' })
}, 360_000)
afterAll(() => broker?.stop())

// The bus's own promises are asked for on it, too, in a step of `.ci/run`.
conformance(
  { describe, it: it.concurrent },
  subject('Kafka 3.9', () => adapterAt(broker?.brokers ?? [])),
  spiCases,
)
