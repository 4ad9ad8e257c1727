import { conformance } from '@bus/core/conformance'
import { facadeCases } from '../../core/src/conformance/cases/facade/index.ts'
import { describe, it } from 'vitest'
import { adapterAt, kafka, sessionTimeoutMs } from './kafka.ts'

conformance(
  { describe, it },
  {
    name: 'kafka',
    facts: { durable: true, shared: true, delays: false, countsRedeliveries: 'oldest', forwards: false },
    leaseMs: sessionTimeoutMs,
    create: async () => adapterAt((await kafka()).brokers),
  },
  facadeCases,
)
