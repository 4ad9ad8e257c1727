import { expect, it } from 'vitest'
import { exposition } from './exposition.ts'

it('escapes what would end a label or a line', () => {
  const samples = [{ labels: { topic: 'a"b\\c\nd', group: 'g' }, value: 1.5 }]
  expect(exposition([{ name: 'm', type: 'gauge', help: 'One\\two\nthree "four".', samples }])).toBe(
    '# HELP m One\\\\two\\nthree "four".\n# TYPE m gauge\nm{topic="a\\"b\\\\c\\nd",group="g"} 1.5\n',
  )
})

it('leaves out what is not known, and what has nothing known', () => {
  const family = { name: 'm', type: 'counter', help: 'M.' } as const
  const unknown = { labels: { topic: 't' }, value: undefined }
  expect(exposition([{ ...family, samples: [unknown] }])).toBe('')
  expect(exposition([{ ...family, samples: [unknown, { labels: {}, value: 0 }] }])).toBe(
    '# HELP m M.\n# TYPE m counter\nm 0\n',
  )
})
