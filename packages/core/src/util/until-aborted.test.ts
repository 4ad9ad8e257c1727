import { expect, it } from 'vitest'
import { untilAborted } from './until-aborted.ts'

const never = new Promise<never>(() => {})

it('settles with the work, and leaves no listener behind', async () => {
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args))
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args))
  expect(await untilAborted(signal, Promise.resolve(1))).toBe(1)
  await expect(untilAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await untilAborted(undefined, Promise.resolve(2))).toBe(2)
  expect(listeners).toBe(0)
})

it('rejects with the reason, also of a signal that had aborted before', async () => {
  const reason = new Error('too late')
  const later = new AbortController()
  const waiting = untilAborted(later.signal, never)
  later.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(untilAborted(AbortSignal.abort(reason), never)).rejects.toBe(reason)
})
