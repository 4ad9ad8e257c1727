import { InMemoryAdapter } from '@bus/adapter-memory'
import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'

conformance(
  { describe, it: it.concurrent },
  {
    name: 'memory',
    facts: { durable: false, shared: false, delays: true, countsRedeliveries: 'none', forwards: true },
    create: () => new InMemoryAdapter(),
  },
)
