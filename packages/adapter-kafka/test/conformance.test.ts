import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'
import { adapterAt, kafka, sessionTimeoutMs } from './kafka.ts'

conformance(
  { describe, it: it.concurrent },
  {
    name: 'kafka',
    facts: { durable: true, shared: true, delays: true, countsRedeliveries: 'oldest', forwards: false },
    leaseMs: sessionTimeoutMs,
    create: async () => adapterAt((await kafka()).brokers),
  },
)
