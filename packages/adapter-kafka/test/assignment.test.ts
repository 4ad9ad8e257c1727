import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assign, ownedText } from '../src/consume/assignment.ts'

const topics = ['main', 'second']

/** Lets members join, own what they are given, give up what they are not, and join again, until nothing changes. */
function settle(owned: Map<string, readonly number[]>, partitions: number): { rounds: number; moves: number } {
  let moves = 0
  for (let rounds = 1; rounds < 10; rounds++) {
    const members = [...owned].map(([member, units]) => ({ member, subscription: { topics, owned: ownedText(units) } }))
    const assignment = assign(members, new Map(topics.map((topic) => [topic, partitions])))
    const given = [...assignment].map(([member, { partitions: some }]) => [member, some['main'] ?? []] as const)
    const all = given.flatMap(([, units]) => units)
    // Never with two, and never with another one before its owner has given it up.
    expect(new Set(all).size).toBe(all.length)
    for (const [member, units] of given) {
      for (const unit of units)
        expect([...owned].every(([other, theirs]) => other === member || !theirs.includes(unit))).toBe(true)
      moves += units.filter((unit) => !(owned.get(member) ?? []).includes(unit)).length
    }
    for (const { partitions: some } of assignment.values()) expect(some['main']).toEqual(some['second'])
    for (const [member, units] of given) owned.set(member, units)
    if (![...assignment.values()].some(({ partial }) => partial)) return { rounds, moves }
  }
  throw new Error('It does not come to rest.')
}

describe('the assignment of partitions', () => {
  it('is fair in two rounds at most, whoever comes and goes, and moves no more than it must', () => {
    const change = fc.record({ joins: fc.nat(3), leaves: fc.nat(3) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        (partitions, changes) => {
          const owned = new Map<string, readonly number[]>()
          let next = 0
          for (const { joins, leaves } of changes) {
            for (const member of [...owned.keys()].slice(0, leaves)) owned.delete(member)
            for (let i = 0; i < joins; i++) owned.set(`m${(next++ * 7919) % 100}-${next}`, [])
            if (owned.size === 0) continue
            const before = [...owned.values()].map((units) => units.length)
            const { rounds, moves } = settle(owned, partitions)
            expect(rounds).toBeLessThanOrEqual(2)
            const sizes = [...owned.values()].map((units) => units.length)
            expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(partitions)
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
            const missing = sizes
              .map((size, at) => Math.max(0, size - (before[at] ?? 0)))
              .reduce((sum, size) => sum + size, 0)
            expect(moves).toBe(missing)
          }
        },
      ),
    )
  })

  it('gives a member only topics it asked for, and leaves out what a topic does not have', () => {
    const members = [{ member: 'a', subscription: { topics: ['main', 'short'], owned: '' } }]
    const counts = new Map([
      ['main', 3],
      ['short', 1],
      ['other', 5],
    ])
    expect(assign(members, counts).get('a')).toEqual({ partitions: { main: [0, 1, 2], short: [0] }, partial: false })
  })
})
