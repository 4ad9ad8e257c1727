import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { linesOfStudy } from '../src/growth-lines.ts'
import { blocksOf } from '../src/docs/content.ts'
import { blockNames, withBlocks } from '../src/docs/blocks.ts'
import { chartsOf, jsonOf, pages, readChart, readSummaries } from '../src/docs/write.ts'
import { rowOf } from '../src/summary.ts'
import { standard } from '../src/tasks.ts'
import { elementsOf } from './xml.ts'

const summaries = await readSummaries()
const charts = chartsOf(summaries)
const [performance, readme] = await Promise.all(pages.map((page) => readFile(page, 'utf8')))

describe('what the pages say was measured', () => {
  test.each([
    ['docs/performance.md', performance],
    ['README.md', readme],
  ])('the figures of %s are those of the committed JSON', (_, page = '') => {
    expect(blockNames(page).length).toBeGreaterThan(0)
    expect(page).toBe(withBlocks(page, blocksOf(summaries)))
  })

  test('every block is on the page, and no table is written by hand', () => {
    expect(new Set(blockNames(performance ?? ''))).toEqual(new Set(Object.keys(blocksOf(summaries))))
    const beside = (performance ?? '').replaceAll(/<!-- bench:([a-z-]+):begin -->.*?<!-- bench:\1:end -->/gs, '')
    // Of what is measured; what an option does is said in words.
    expect(beside).not.toMatch(/events\/s *\|/)
  })

  test('a block that nobody writes is an error', () => {
    const page = '<!-- bench:other:begin -->\n\nold\n\n<!-- bench:other:end -->\n'
    expect(() => withBlocks(page, {})).toThrow('bench:other')
    expect(withBlocks(page, { other: 'new' })).toBe(page.replace('old', 'new'))
  })

  test('what is measured is what is told: every standard task of every backend has figures of ours', () => {
    expect(summaries.map(({ backend }) => backend)).toEqual(['memory', 'redis', 'kafka'])
    for (const summary of summaries) {
      for (const { name, candidates } of standard[summary.backend]) {
        const row = rowOf(summary, name, 'bus')
        expect([summary.backend, name, row !== undefined]).toEqual([summary.backend, name, candidates.includes('bus')])
      }
    }
  })

  test.each(['growth', 'knob'] as const)('each %s has figures at several values', (part) => {
    const studies = linesOfStudy(summaries, part)
    expect(studies.size).toBeGreaterThan(3)
    for (const lines of studies.values()) for (const { points } of lines) expect(points.length).toBeGreaterThan(1)
  })

  test('the JSON tells neither paths nor names of machines', () => {
    for (const summary of summaries) {
      const json = jsonOf(summary)
      expect(JSON.parse(json)).toEqual(summary)
      expect(json).not.toMatch(/\/(?:home|root|tmp|Users)\/|\d+\.\d+\.\d+\.\d+|https?:/)
    }
  })
})

describe('the charts', () => {
  test.each(Object.keys(charts))('%s is drawn from the committed JSON', async (name) => {
    expect(await readChart(name)).toBe(charts[name])
  })

  test.each(Object.entries(charts))('%s is well formed, names every backend it shows, and stays inside', (_, svg) => {
    const elements = elementsOf(svg)
    const [root] = elements
    expect(root?.name).toBe('svg')
    const [, , width = NaN, height = NaN] = (root?.attributes['viewBox'] ?? '').split(' ').map(Number)
    expect(width).toBeGreaterThan(0)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    for (const { name, attributes } of elements) {
      if (name !== 'text' && name !== 'rect') continue
      expect(Number(attributes['x'])).toBeLessThanOrEqual(width)
      expect(Number(attributes['y'])).toBeLessThanOrEqual(height)
    }
    // No colour is left to whoever shows it: on a dark page, black letters would be gone.
    expect(root?.attributes['fill']).toMatch(/^#/)
    expect(svg).toMatch(/font-family="sans-serif"/)
  })
})
