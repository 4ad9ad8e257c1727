import { InMemoryAdapter } from '@bus/adapter-memory'
import type { Subject } from '@bus/core/conformance'

export const memory: Subject = {
  name: 'memory',
  facts: { durable: false, shared: false, delays: true, countsRedeliveries: 'none', forwards: true, remote: false },
  create: () => new InMemoryAdapter(),
}
