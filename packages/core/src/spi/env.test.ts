import { describe, expect, it } from 'vitest'
import { ConfigInvalidError } from '../errors.ts'
import type { Env } from './definition.ts'
import { type EnvReader, readEnv, withoutUserInfo } from './env.ts'

function problems(env: Env, read: (reader: EnvReader) => unknown): string[] {
  try {
    readEnv(env, read)
  } catch (error) {
    if (error instanceof ConfigInvalidError) return error.issues.map(({ name, problem }) => `${name}: ${problem}`)
    throw error
  }
  return []
}

function readOne<Value>(value: string | undefined, read: (reader: EnvReader, name: string) => Value): Value {
  return readEnv({ NAME: value }, (reader) => read(reader, 'NAME'))
}

describe('readEnv', () => {
  it.each([undefined, '', '   '])('takes %j as unset', (value) => {
    const all = readOne(value, (reader, name) => [
      reader.string(name),
      reader.integer(name),
      reader.boolean(name),
      reader.list(name),
      reader.oneOf(name, ['a']),
    ])
    expect(all).toEqual([undefined, undefined, undefined, undefined, undefined])
  })

  it('reads text without the blanks around it', () => {
    expect(readOne('  a b ', (reader, name) => reader.string(name))).toBe('a b')
  })

  it.each([
    ['0', 0],
    ['42', 42],
    [' 007 ', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads the whole number %j', (text, number) => {
    expect(readOne(text, (reader, name) => reader.integer(name))).toBe(number)
  })

  it.each(['abc', '1.5', '1e3', '0x10', '-1', '12px', '9007199254740993', '1 2', 'NaN', 'Infinity', '٣'])(
    'refuses %j as a whole number, and shows it',
    (text) => {
      const expected = `NAME: ${JSON.stringify(text)} is not a whole number of at least 0`
      expect(problems({ NAME: text }, (reader) => reader.integer('NAME'))).toEqual([expected])
    },
  )

  it('reads numbers within bounds', () => {
    const port = (reader: EnvReader): unknown => reader.integer('NAME', { min: 1, max: 65_535 })
    expect(readEnv({ NAME: '65535' }, port)).toBe(65_535)
    expect(problems({ NAME: '65536' }, port)).toEqual(['NAME: "65536" is not a whole number from 1 to 65535'])
    expect(problems({ NAME: '0' }, port)).toEqual(['NAME: "0" is not a whole number from 1 to 65535'])
    expect(readOne('-5', (reader, name) => reader.integer(name, { min: -10 }))).toBe(-5)
  })

  it.each(['true', 'TRUE', '1', 'yes', 'On'])('reads %j as true', (text) => {
    expect(readOne(text, (reader, name) => reader.boolean(name))).toBe(true)
  })

  it.each(['false', 'False', '0', 'no', 'OFF'])('reads %j as false', (text) => {
    expect(readOne(text, (reader, name) => reader.boolean(name))).toBe(false)
  })

  it.each(['maybe', '2', 'y', 'constructor', 'toString', '__proto__'])('reads %j as neither', (text) => {
    expect(problems({ NAME: text }, (reader) => reader.boolean('NAME'))).toEqual([
      `NAME: "${text}" is not true or false`,
    ])
  })

  it.each([
    ['a,b', ['a', 'b']],
    [' a , b ,', ['a', 'b']],
    ['a', ['a']],
    [',', undefined],
    [' , ', undefined],
  ])('reads the list %j', (text, list) => {
    expect(readOne(text, (reader, name) => reader.list(name))).toEqual(list)
  })

  it('reads one of several words, in any case', () => {
    expect(readOne('Plain', (reader, name) => reader.oneOf(name, ['plain', 'scram-sha-256']))).toBe('plain')
    expect(problems({ NAME: 'md5' }, (reader) => reader.oneOf('NAME', ['plain', 'scram-sha-256']))).toEqual([
      'NAME: "md5" is not one of plain, scram-sha-256',
    ])
  })

  it('tells everything that is wrong at once, in the order it was read', () => {
    const env = { A: 'x', B: 'y', C: 'ok' }
    const read = (reader: EnvReader): void => {
      reader.integer('A')
      reader.boolean('B')
      reader.string('C')
      reader.issue('D', 'is needed when C is set')
    }
    expect(problems(env, read)).toEqual([
      'A: "x" is not a whole number of at least 0',
      'B: "y" is not true or false',
      'D: is needed when C is set',
    ])
    expect(() => readEnv(env, read)).toThrow(/A: .*\n.*B: .*\n.*D: /)
  })

  it.each(['STORE_PASSWORD', 'LOG_SASL_PASSWORD', 'API_KEY', 'CLIENT_SECRET', 'access_token', 'CREDENTIALS'])(
    'never shows the value of %s',
    (name) => {
      const message = problems({ [name]: 'hunter2' }, (reader) => reader.integer(name)).join()
      expect(message).toContain('hidden')
      expect(message).not.toContain('hunter2')
    },
  )

  it('never shows the password in an address', () => {
    const url = 'store://user:hunter2@host:6379'
    const message = problems({ STORE_URL: url }, (reader) => reader.integer('STORE_URL')).join()
    expect(message).toContain('host:6379')
    expect(message).not.toContain('hunter2')
  })
})

describe('withoutUserInfo', () => {
  it.each([
    ['store://user:hunter2@host:1/0', 'store://…@host:1/0'],
    ['store://:hunter2@host', 'store://…@host'],
    ['store://user:hunt@er2@host', 'store://…@host'],
    ['store://user:hunt/er2@host/0', 'store://…@host/0'],
    ['store://user:hunt er2@host/0', 'store://…@host/0'],
    ['store://user:hunt\ner2@host/0', 'store://…@host/0'],
    ['store://host:6379', 'store://host:6379'],
    ['host:1,host:2', 'host:1,host:2'],
  ])('%j', (address, shown) => {
    expect(withoutUserInfo(address)).toBe(shown)
  })

  it('hides every password of a list of addresses', () => {
    expect(withoutUserInfo('store://:hunter2@a:1,store://:hunter3@b:2')).not.toMatch(/hunter/)
  })
})
