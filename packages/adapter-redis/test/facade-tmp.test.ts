import { conformance } from '@bus/core/conformance'
import { facadeCases } from '../../core/src/conformance/cases/facade/index.ts'
import { describe, it } from 'vitest'
import { adapterAt, leaseMs, ownPrefix } from './redis.ts'

const prefix = ownPrefix()

conformance(
  { describe, it: it.concurrent },
  {
    name: 'redis',
    facts: { durable: true, shared: true, delays: true, countsRedeliveries: 'each', forwards: true },
    leaseMs,
    create: () => adapterAt({ prefix }),
  },
  facadeCases,
)
