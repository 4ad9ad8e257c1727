import { describe, expect, it } from 'vitest'
import { date, duration } from '../src/arguments/values.ts'
import { table } from '../src/terminal/table.ts'
import { age, shortened, visible } from '../src/terminal/text.ts'

describe('text of others', () => {
  it('cannot steer the terminal', () => {
    expect(visible('a\u001b[2Jb\nc\td\u009b31m\u202ee')).toBe('a\\u001b[2Jb\\nc\\td\\u009b31m\\u202ee')
    expect(visible('für 日本 😀')).toBe('für 日本 😀')
  })

  it('is cut between characters', () => {
    expect(shortened('😀😀😀', 3)).toBe('😀😀😀')
    expect(shortened('😀😀😀😀', 3)).toBe('😀😀…')
  })
})

describe('a table', () => {
  const rows = [
    { name: 'orders', lag: 12, note: 'x'.repeat(60) },
    { name: 'a\u001b', lag: 7, note: undefined },
  ]
  const lines = (width?: number): string[] =>
    table(
      [
        { title: 'NAME', of: ({ name }) => name },
        { title: 'LAG', of: ({ lag }) => lag, right: true },
        { title: 'NOTE', of: ({ note }) => note },
      ],
      rows,
      (_, text) => text,
      width,
    )

  it('is as wide as what is in it', () => {
    expect(lines()).toEqual(['NAME     LAG  NOTE', `orders    12  ${'x'.repeat(60)}`, 'a\\u001b    7  -'])
  })

  it('cuts its last column where the terminal ends', () => {
    for (const line of lines(40)) expect(line.length).toBeLessThanOrEqual(40)
    expect(lines(40)[1]).toMatch(/x…$/)
  })
})

describe('values', () => {
  it('are durations and ages', () => {
    expect(['500ms', '5s', '1.5m', '2h', '7d'].map((text) => duration('delay', text))).toEqual([
      500, 5_000, 90_000, 7_200_000, 604_800_000,
    ])
    expect(() => duration('delay', '5')).toThrow('--delay: "5" is no duration')
    expect([850, 12_000, 180_000, 18_000_000, 200_000_000].map(age)).toEqual(['850 ms', '12 s', '3 min', '5 h', '2 d'])
  })

  it('are times', () => {
    expect(date('from', '2026-11-24T08:00Z')).toEqual(new Date('2026-11-24T08:00:00Z'))
    const anHourAgo = date('from', '1h')?.getTime() ?? 0
    expect(Math.abs(Date.now() - 3_600_000 - anHourAgo)).toBeLessThan(60_000)
    for (const wrong of ['7', 'yesterday', '2026-13-01', '']) expect(() => date('from', wrong)).toThrow('--from')
  })
})
