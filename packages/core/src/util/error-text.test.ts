import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { errorText } from './error-text.ts'

describe('errorText', () => {
  it.each<[string, unknown, string]>([
    ['an error', new TypeError('boom'), 'TypeError: boom'],
    ['an error of another realm', runInNewContext('new RangeError("boom")'), 'RangeError: boom'],
    ['what looks like an error', { name: 'AxiosError', message: 'boom' }, 'AxiosError: boom'],
    ['text', 'boom', 'string: boom'],
    ['a number', 7, 'number: 7'],
    ['nothing', undefined, 'undefined: undefined'],
    ['null', null, 'object: null'],
    ['a symbol', Symbol('s'), 'symbol: Symbol(s)'],
    ['an object', { code: 5 }, 'object: {"code":5}'],
    ['a cycle', cyclic(), 'object: cannot be shown'],
    ['an object without a prototype', Object.create(null), 'object: {}'],
    ['an object that cannot be told', unspeakable(), 'object: cannot be shown'],
    ['a revoked proxy', revoked(), 'object: cannot be shown'],
    ['an error whose name is no text', Object.assign(new Error('boom'), { name: Symbol('n') }), 'Error: boom'],
    ['an error whose message cannot be read', unreadable(), 'Error: cannot be shown'],
  ])('tells %s', (_name, error, expected) => {
    expect(errorText(error)).toBe(expected)
  })
})

function cyclic(): object {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}

function unspeakable(): object {
  const fail = (): never => {
    throw new Error('no')
  }
  return { toString: fail, toJSON: fail, [Symbol.toPrimitive]: fail }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function unreadable(): Error {
  return Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no')
    },
  })
}
