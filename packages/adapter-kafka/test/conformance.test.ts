import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'
import { adapterAt, kafka, subject } from './kafka.ts'

const version = process.env['BUS_TEST_KAFKA_VERSION']

conformance(
  { describe, it: it.concurrent },
  subject(version === undefined ? 'kafka' : `Kafka ${version}`, async () => adapterAt((await kafka()).brokers)),
)
