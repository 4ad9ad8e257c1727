import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyBytes, keyText } from '../src/keys.ts'

it('tells keys of any bytes apart, and gives them back as they were', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Buffer.from(keyBytes(keyText(a)))).toEqual(a)
      expect(keyText(a) === keyText(b)).toBe(a.equals(b))
    }),
  )
})

it.each(['plain', 'ü', '🚌', '\uFFFD', 'base64:', 'base64:aGVsbG8=', 'base64:!', 'base64:/w'])(
  'leaves the text %s as it is',
  (key) => {
    expect(keyBytes(key)).toBe(key)
    expect(keyText(Buffer.from(key))).toBe(key)
  },
)
