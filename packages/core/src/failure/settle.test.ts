import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { FakeDelivery } from '../../test/support/messages.ts'
import { LoanLostError } from '../errors.ts'
import type { Message } from '../spi/message.ts'
import { settle, type Settled, type SettleHost } from './settle.ts'

const copy: Message = { topic: 'copies', headers: {}, body: '{}' }

class Scene implements SettleHost {
  readonly clock = new FakeClock()
  readonly log: string[] = []
  readonly delivery = new FakeDelivery(undefined, { log: this.log })
  readonly stop = new AbortController()
  failures = 0
  error: Error = new Error('backend away')

  async publish(messages: readonly Message[]): Promise<void> {
    this.log.push(`copy to ${messages.map(({ topic }) => topic).join()}`)
    await this.clock.breathe()
    if (this.failures-- > 0) throw this.error
    this.log.push('stored')
  }

  copyFailed(error: unknown): void {
    this.log.push(`failed: ${(error as Error).message}`)
  }

  settle(): Promise<Settled> {
    return settle(this, this.delivery, copy, this.stop.signal)
  }
}

describe('settle', () => {
  it('acknowledges once the copy is stored, not before', async () => {
    const scene = new Scene()
    await expect(scene.settle()).resolves.toBe('settled')
    expect(scene.log).toEqual(['copy to copies', 'stored', 'ack'])
  })

  it('never acknowledges while the copy cannot be stored, and waits ever longer', async () => {
    const scene = new Scene()
    scene.failures = Number.POSITIVE_INFINITY
    const settling = scene.settle()
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      await scene.clock.advance(0)
      await scene.clock.breathe()
      const [pause = -1] = scene.clock.delays
      pauses.push(pause)
      await scene.clock.advance(pause)
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
    expect(scene.log).not.toContain('ack')
    expect(scene.log.filter((line) => line === 'failed: backend away').length).toBeGreaterThanOrEqual(9)
    scene.failures = 0
    await scene.clock.advance(5_000)
    await expect(settling).resolves.toBe('settled')
    expect(scene.log.slice(-3)).toEqual(['copy to copies', 'stored', 'ack'])
    expect(scene.log.filter((line) => line === 'ack')).toHaveLength(1)
  })

  it('tries three times in full, then what is smaller', async () => {
    const scene = new Scene()
    scene.failures = 4
    const settling = settle(scene, scene.delivery, copy, scene.stop.signal, () => ({ ...copy, topic: 'smaller' }))
    for (const pause of [100, 200, 400, 800]) await scene.clock.advance(pause)
    await expect(settling).resolves.toBe('settled')
    expect(scene.log.filter((line) => line.startsWith('copy to '))).toEqual([
      'copy to copies',
      'copy to copies',
      'copy to copies',
      'copy to smaller',
      'copy to smaller',
    ])
  })

  it('gives up waiting when it is told to stop, and leaves everything as it was', async () => {
    const scene = new Scene()
    scene.failures = Number.POSITIVE_INFINITY
    const settling = scene.settle()
    await scene.clock.advance(150)
    scene.stop.abort()
    await expect(settling).resolves.toBe('stopped')
    expect(scene.log).not.toContain('ack')
    expect(scene.clock.pending).toBe(0)
  })

  it('tries once although it was told to stop already', async () => {
    const scene = new Scene()
    scene.stop.abort()
    await expect(scene.settle()).resolves.toBe('settled')
    expect(scene.log).toEqual(['copy to copies', 'stored', 'ack'])
  })

  it('leaves the decision to another member that has the loan now', async () => {
    const scene = new Scene()
    scene.failures = 1
    scene.error = new LoanLostError('topic', '7')
    await expect(scene.settle()).resolves.toBe('lost')
    expect(scene.log).toEqual(['copy to copies'])
  })

  it('lets an acknowledgement that fails be known, after the copy was stored once', async () => {
    const scene = new Scene()
    scene.delivery.ackError = new Error('no ack')
    await expect(scene.settle()).rejects.toThrow('no ack')
    expect(scene.log).toEqual(['copy to copies', 'stored', 'ack'])
  })

  it('does both in one step where the backend can', async () => {
    const scene = new Scene()
    const forward = async (message: Message): Promise<void> => void scene.log.push(`forward to ${message.topic}`)
    await expect(settle(scene, Object.assign(scene.delivery, { forward }), copy, scene.stop.signal)).resolves.toBe(
      'settled',
    )
    expect(scene.log).toEqual(['forward to copies'])
  })

  it('tries again in one step when that step failed', async () => {
    const scene = new Scene()
    let failures = 2
    const forward = async (): Promise<void> => {
      scene.log.push('forward')
      if (failures-- > 0) throw new Error('backend away')
    }
    const settling = settle(scene, Object.assign(scene.delivery, { forward }), copy, scene.stop.signal)
    await scene.clock.advance(300)
    await expect(settling).resolves.toBe('settled')
    expect(scene.log).toEqual(['forward', 'failed: backend away', 'forward', 'failed: backend away', 'forward'])
  })
})
