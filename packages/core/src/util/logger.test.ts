import { afterEach, describe, expect, it, vi } from 'vitest'
import { consoleLogger } from './logger.ts'

describe('consoleLogger', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('writes warnings and errors to stderr, one line each, and nothing else', () => {
    const lines: unknown[][] = []
    vi.spyOn(console, 'warn').mockImplementation((...given) => void lines.push(given))
    vi.spyOn(console, 'error').mockImplementation((...given) => void lines.push(given))
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    consoleLogger.debug('d')
    consoleLogger.info('i')
    consoleLogger.warn('w', { topic: 'a b', gone: undefined, count: 2 })
    consoleLogger.error('e', { error: 'first\nsecond' })
    expect(lines).toEqual([['[bus] w topic="a b" count=2'], ['[bus] e error="first\\nsecond"']])
    expect(log).not.toHaveBeenCalled()
  })
})
