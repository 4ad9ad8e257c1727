import { rejectsMutants } from '@bus/core/conformance'
import { afterAll, describe, it } from 'vitest'
import { redisSubject } from './subject.ts'

const table = rejectsMutants({ describe, it: it.concurrent, alone: it }, { ...redisSubject, patienceMs: 4_000 })

afterAll(() => {
  const lines = [...table].map(([mutant, killer]) => `  ${mutant} → ${killer}\n`)
  process.stdout.write(`mutant → killing case on Redis\n${lines.join('')}`)
})
