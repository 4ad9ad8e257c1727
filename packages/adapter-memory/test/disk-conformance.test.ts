import { InMemoryAdapter } from '@bus/adapter-memory'
import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'
import { newDirectory } from './directories.ts'
import { memory } from './subject.ts'

for (const fsync of ['interval', 'always'] as const) {
  conformance(
    { describe, it: it.concurrent },
    {
      ...memory,
      name: `memory on disk, fsync ${fsync}`,
      facts: { ...memory.facts, durable: true },
      create: () => new InMemoryAdapter({ persistToDisk: true, directory: newDirectory(), fsync }),
    },
  )
}
