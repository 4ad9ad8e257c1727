import { type ConformanceCase, inapplicable, killersOf, knownKillers, mutants, spiCases } from '@bus/core/conformance'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { memory } from './subject.ts'

vi.setConfig({ testTimeout: 120_000, maxConcurrency: 10 })

// What hangs in a mutant hangs this long.
const subject = { ...memory, patienceMs: 2_500 }

/** Cases of the adapter alone that no mutant names, and one that each of them rejects. */
const alsoRejects: Readonly<Record<string, string>> = {
  'many topics are published to and consumed at once without mixing': 'stores every message twice',
  'without a group a released message comes again to the same consumer': 'forgets the note of a release',
  'one group name on two topics keeps two positions': 'drops acknowledgements',
  'a consumer without a group starts from latest: with what is published from now on':
    'starts a latest group from earliest',
  'a consumer without a group starts from earliest: with the oldest message there is':
    'starts an earliest group from latest',
  'acknowledgements may come in any order': 'drops acknowledgements',
  'every message is delivered in spite of many releases': 'drops what is released',
  'a member that holds messages does not keep the others from getting more': 'loses keys',
  'what is released comes again in the order of its key': 'drops what is released',
  'what a closing member had open comes again in the order of its key, before what is newer':
    'loses loans when a consumer closes',
  'a delayed message is delivered to a group whose members were away when it became due':
    'never delivers delayed messages',
  'a time that has passed delays nothing': 'stores every message twice',
  'forward stores nothing when the loan is lost': 'forwards by settling only',
  'history and consumers see the same positions and times': 'misses the last event of history',
  'inspect sees what waits for a group without members': 'drops acknowledgements',
  'close ends waiting pulls with nothing and gives back what is on loan': 'does not wake a pull that waits',
}

const applies = (one: Pick<ConformanceCase, 'needs'>): boolean => inapplicable(one, subject.facts) === undefined
const ofAdapter = spiCases.filter(applies)
const made = mutants.filter(applies).map((mutant) => {
  const also = ofAdapter.filter(({ name }) => alsoRejects[name] === mutant.name)
  return { mutant, known: knownKillers(mutant).filter(applies), also }
})
const killed = new Map<string, readonly string[]>()

describe('the suite rejects adapters that are broken on purpose', () => {
  afterAll(() => {
    const lines = mutants.map((mutant) => {
      const shown = killed.get(mutant.name)?.join('; ') ?? `cannot be made: ${inapplicable(mutant, subject.facts)}`
      return `  ${mutant.name} → ${shown}\n`
    })
    process.stdout.write(`mutant → killing cases in memory\n${lines.join('')}`)
  })

  it('and not the good one', async () => {
    const used = [...new Set(made.flatMap(({ known, also }) => [...known, ...also]))]
    expect(await killersOf({ make: (good) => good }, memory, used)).toEqual([])
  })

  for (const { mutant, known, also } of made) {
    it.concurrent(`rejects one that ${mutant.name}`, async () => {
      const names = (await killersOf(mutant, subject, [...known, ...also])).map(({ name }) => name)
      killed.set(mutant.name, names)
      expect(known.filter(({ name }) => names.includes(name))).not.toEqual([])
      for (const { name } of also) expect(names).toContain(name)
    })
  }

  it('with every case of the adapter alone that applies', () => {
    const useful = new Set([...killed.values()].flat())
    expect(ofAdapter.filter(({ name }) => !useful.has(name)).map(({ name }) => name)).toEqual([])
  })
})
