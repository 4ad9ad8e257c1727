import { rejectsMutants } from '@bus/core/conformance'
import { afterAll, describe, it, vi } from 'vitest'
import { stopPrivateBackend } from './private-backend.ts'
import { kafkaSubject } from './subject.ts'

vi.setConfig({ testTimeout: 240_000 })

const table = rejectsMutants({ describe, it: it.concurrent, alone: it }, { ...kafkaSubject, patienceMs: 10_000 })

afterAll(async () => {
  await stopPrivateBackend()
  const lines = [...table].map(([mutant, killer]) => `  ${mutant} → ${killer}\n`)
  process.stdout.write(`mutant → killing case on Kafka\n${lines.join('')}`)
})
