import { describe, expect, it } from 'vitest'
import { PublishBacklogError } from '../errors.ts'
import { PublishBacklog } from './publish-backlog.ts'

describe('PublishBacklog', () => {
  it('lets in up to its number of messages, and more once some are out', () => {
    const backlog = new PublishBacklog({ maxMessages: 3 })
    backlog.add(2, 0)
    backlog.add(1, 0)
    expect(() => backlog.add(1, 0)).toThrow(PublishBacklogError)
    backlog.remove(2, 0)
    backlog.add(2, 0)
    expect(backlog.messages).toBe(3)
  })

  it('lets in up to its number of bytes', () => {
    const backlog = new PublishBacklog({ maxBytes: 100 })
    backlog.add(1, 60)
    expect(() => backlog.add(1, 41)).toThrow(PublishBacklogError)
    backlog.add(1, 40)
  })

  it('takes nothing of what it refuses', () => {
    const backlog = new PublishBacklog({ maxMessages: 2 })
    backlog.add(1, 10)
    expect(() => backlog.add(2, 10)).toThrow(PublishBacklogError)
    expect(backlog.messages).toBe(1)
    backlog.add(1, 10)
  })

  it('lets in what is too large for it alone: it could never be sent otherwise', () => {
    const backlog = new PublishBacklog({ maxMessages: 2, maxBytes: 10 })
    backlog.add(50, 1_000)
    expect(() => backlog.add(1, 1)).toThrow(PublishBacklogError)
    backlog.remove(50, 1_000)
    backlog.add(1, 1)
  })

  it('says how much waits, what the limits are, and that nothing was stored', () => {
    const backlog = new PublishBacklog({ maxMessages: 1, maxBytes: 1_000 })
    backlog.add(1, 500)
    const refused = (): void => backlog.add(1, 1)
    expect(refused).toThrow(/1 events \(500 bytes\).*1 events and 1000 bytes/)
    expect(refused).toThrow(expect.objectContaining({ code: 'BUS_PUBLISH_BACKLOG', stored: 'no' }) as Error)
  })

  it('has limits of its own', () => {
    const backlog = new PublishBacklog()
    backlog.add(10_000, 64 * 1024 * 1024)
    expect(() => backlog.add(1, 0)).toThrow(PublishBacklogError)
    expect(() => backlog.add(0, 1)).toThrow(PublishBacklogError)
  })
})
