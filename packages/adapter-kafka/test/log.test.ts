import { afterEach, describe, expect, it, vi } from 'vitest'
import { settingsFrom } from '../src/settings.ts'

afterEach(() => vi.restoreAllMocks())

describe('without a logger', () => {
  it('warns by the process, the same thing at most once a second, and is silent otherwise', () => {
    const lines: unknown[] = []
    for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...given) => void lines.push([method, ...given]))
    }
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void lines.push(warning))
    let now = 5_000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const { log } = settingsFrom({ brokers: ['kafka:9092'] })
    log.debug('chatter')
    log.warn('gone')
    log.warn('gone')
    log.warn('other')
    now += 1_001
    log.warn('gone')
    const gone = '[@bus/adapter-kafka] gone'
    expect(lines).toEqual([gone, '[@bus/adapter-kafka] other', gone])
    expect(log.enabled).toBe(false) // which keeps kafkajs quiet
  })
})

describe('with a logger', () => {
  it('leaves the process alone', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const lines: string[] = []
    settingsFrom({ brokers: ['kafka:9092'], logger: { warn: (message) => lines.push(message) } }).log.warn('gone')
    settingsFrom({ brokers: ['kafka:9092'], logger: {} }).log.warn('gone')
    expect(lines).toEqual(['gone'])
    expect(warn).not.toHaveBeenCalled()
  })
})
