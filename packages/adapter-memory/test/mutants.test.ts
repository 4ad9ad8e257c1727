import { inapplicable, killersOf, mutants, spiCases } from '@bus/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { memory } from './subject.ts'

// What hangs in a mutant hangs this long.
const subject = { ...memory, patienceMs: 1_500 }
const killed = new Map<string, readonly string[]>()

describe('the suite rejects adapters that are broken on purpose', () => {
  afterAll(() => {
    const lines = [...killed].map(
      ([mutant, by]) => `  ${mutant} → ${by.length}: ${by.slice(0, 3).join('; ')}${by.length > 3 ? ' …' : ''}\n`,
    )
    process.stdout.write(`mutant → killing cases\n${lines.join('')}`)
  })

  it('and not the good one', async () => {
    expect(await killersOf({ make: (good) => good }, subject, spiCases)).toEqual([])
  })

  for (const mutant of mutants) {
    it.concurrent(`rejects one that ${mutant.name}`, async () => {
      const killers = await killersOf(mutant, subject, spiCases)
      const names = killers.map(({ name }) => name)
      killed.set(mutant.name, names)
      expect(names).not.toEqual([])
    })
  }

  it('with every case that applies', () => {
    const useful = new Set([...killed.values()].flat())
    const idle = spiCases.filter((one) => inapplicable(one, subject.facts) === undefined && !useful.has(one.name))
    expect(idle.map(({ name }) => name)).toEqual([])
  })
})
