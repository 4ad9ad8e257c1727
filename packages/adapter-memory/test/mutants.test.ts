import { facadeCases, inapplicable, killersOf, knownKillers, mutants, spiCases } from '@bus/core/conformance'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { memory } from './subject.ts'

vi.setConfig({ testTimeout: 120_000 })

// What hangs in a mutant hangs this long.
const subject = { ...memory, patienceMs: 2_500 }
const cases = [...spiCases, ...facadeCases].filter((one) => inapplicable(one, subject.facts) === undefined)
const killed = new Map<string, readonly string[]>()
const made = mutants.filter((mutant) => inapplicable(mutant, subject.facts) === undefined)

describe('the suite rejects adapters that are broken on purpose', () => {
  afterAll(() => {
    const lines = mutants.map((mutant) => {
      const fact = inapplicable(mutant, subject.facts)
      const by = killed.get(mutant.name) ?? []
      const shown = `${by.length}: ${by.slice(0, 3).join('; ')}${by.length > 3 ? ' …' : ''}`
      return `  ${mutant.name} → ${fact === undefined ? shown : `cannot be made: ${fact}`}\n`
    })
    process.stdout.write(`mutant → killing cases in memory\n${lines.join('')}`)
  })

  it('and not the good one', async () => {
    expect(await killersOf({ make: (good) => good }, subject, cases)).toEqual([])
  })

  for (const mutant of made) {
    it.concurrent(`rejects one that ${mutant.name}`, async () => {
      const names = (await killersOf(mutant, subject, cases)).map(({ name }) => name)
      killed.set(mutant.name, names)
      expect(names).not.toEqual([])
      const known = knownKillers(mutant).filter((one) => cases.includes(one))
      const expected = known.map(({ name }) => name)
      expect(
        names.filter((name) => expected.includes(name)),
        `one of these: ${expected.join('; ')}`,
      ).not.toEqual([])
    })
  }

  it('with every case of the adapter alone that applies', () => {
    const useful = new Set([...killed.values()].flat())
    const idle = cases.filter(({ tier, name }) => tier === 'spi' && !useful.has(name))
    expect(idle.map(({ name }) => name)).toEqual([])
  })

  it('and what else it has guards a promise of the bus', () => {
    const useful = new Set([...killed.values()].flat())
    const idle = cases.filter(({ name }) => !useful.has(name))
    process.stdout.write(`cases that reject no mutant, and their promises\n`)
    for (const { name, promise } of idle) process.stdout.write(`  ${name} → ${promise}\n`)
    expect(idle.filter(({ promise }) => !/^\S.*\.$/.test(promise)).map(({ name }) => name)).toEqual([])
  })
})
