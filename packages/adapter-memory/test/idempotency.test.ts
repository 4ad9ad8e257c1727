import { InMemoryIdempotencyStore } from '@bus/core'
import { idempotencyCasesOn, idempotencyStoreConformance, runCase } from '@bus/core/conformance'
import type { IdempotencyStore } from '@bus/core/spi'
import { describe, expect, it } from 'vitest'
import { memory } from './subject.ts'

idempotencyStoreConformance({ describe, it: it.concurrent }, 'InMemoryIdempotencyStore', async () => {
  return new InMemoryIdempotencyStore()
})

const mutants: readonly (readonly [name: string, make: (good: IdempotencyStore) => Partial<IdempotencyStore>])[] = [
  [
    'marks an event as handled before it is',
    (good) => ({
      async claim(key, owner, leaseMs) {
        const outcome = await good.claim(key, owner, leaseMs)
        if (outcome === 'claimed') await good.done(key, owner, 60_000)
        return outcome
      },
    }),
  ],
  ['never gives a failed start up', () => ({ release: async () => {} })],
  [
    'takes what somebody is at for handled',
    (good) => ({
      async claim(...claim) {
        const outcome = await good.claim(...claim)
        return outcome === 'busy' ? 'done' : outcome
      },
    }),
  ],
  [
    'takes what somebody is at for free',
    (good) => ({
      async claim(...claim) {
        const outcome = await good.claim(...claim)
        return outcome === 'busy' ? 'claimed' : outcome
      },
    }),
  ],
  ['never remembers', () => ({ done: async () => {} })],
  ['lets a claim run out under its owner', () => ({ renew: async () => true })],
]

describe('a store that', () => {
  it.concurrent.each(mutants)('%s is found out', async (_name, broken) => {
    const cases = idempotencyCasesOn(() => {
      const good = new InMemoryIdempotencyStore()
      const base: IdempotencyStore = {
        claim: (...given) => good.claim(...given),
        renew: (...given) => good.renew(...given),
        done: (...given) => good.done(...given),
        release: (...given) => good.release(...given),
      }
      return { ...base, ...broken(good) }
    })
    const outcomes = await Promise.allSettled(cases.map((one) => runCase(one, { ...memory, patienceMs: 3_000 })))
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
  })
})
