import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { FakeDelivery } from '../../test/support/messages.ts'
import { turn } from '../../test/support/turn.ts'
import type { Consumer, Delivery } from '../spi/consume.ts'
import { Pump } from './pump.ts'

type Pull = (max: number) => Promise<readonly Delivery[]>

function setUp(
  room: () => number,
  pull: Pull,
): { pump: Pump; clock: FakeClock; asked: number[]; failed: unknown[]; run: (signal: AbortSignal) => Promise<void> } {
  const clock = new FakeClock()
  const asked: number[] = []
  const failed: unknown[] = []
  const pump = new Pump(clock, { room, admit: () => {}, failed: (error) => void failed.push(error) })
  const consumer: Consumer = {
    state: { status: 'ready' },
    pull: (max) => {
      asked.push(max)
      return pull(max)
    },
    close: async () => {},
  }
  return { pump, clock, asked, failed, run: (signal) => pump.run(consumer, signal) }
}

const deliveries = (count: number): Delivery[] => Array.from({ length: count }, () => new FakeDelivery())

describe('Pump', () => {
  it('asks for as much as there is room, and not at all while there is none', async () => {
    let room = 4
    const { pump, asked, run } = setUp(
      () => room,
      async (max) => {
        room -= max
        return deliveries(max)
      },
    )
    const stop = new AbortController()
    const running = run(stop.signal)
    await turn()
    expect(asked).toEqual([4])
    room = 2
    pump.wake()
    await turn()
    expect(asked).toEqual([4, 2])
    stop.abort()
    await running
    expect(asked).toEqual([4, 2])
  })

  it('lets timers and I/O have a turn in a flood', async () => {
    const { asked, run } = setUp(
      () => 256,
      async (max) => deliveries(max),
    )
    const stop = new AbortController()
    const running = run(stop.signal)
    await turn()
    // Had it kept the process to itself, this line would never be reached.
    stop.abort()
    await running
    expect(asked.length).toBeLessThan(1_000)
  })

  it('ends while it waits for room, or after a failure, as soon as it is told to', async () => {
    const full = setUp(
      () => 0,
      async () => [],
    )
    const failing = setUp(
      () => 1,
      () => Promise.reject(new Error('away')),
    )
    const stop = new AbortController()
    const running = [full.run(stop.signal), failing.run(stop.signal)]
    await turn()
    stop.abort()
    await Promise.all(running)
    expect(full.asked).toEqual([])
    expect(failing.failed).toHaveLength(1)
    expect(failing.clock.pending).toBe(0)
  })

  it('says nothing of a failure that its own end caused', async () => {
    const stop = new AbortController()
    const { failed, run } = setUp(
      () => 1,
      () => {
        stop.abort()
        return Promise.reject(new Error('closed'))
      },
    )
    await run(stop.signal)
    expect(failed).toEqual([])
  })

  it('is quick again after it got something', async () => {
    const answers = ['fail', 'fail', 'fail', 'give', 'fail']
    const { clock, run } = setUp(
      () => 1,
      async () => {
        if (answers.shift() === 'give') return deliveries(1)
        throw new Error('away')
      },
    )
    const stop = new AbortController()
    const running = run(stop.signal)
    const pauses: number[] = []
    for (let i = 0; i < 4; i++) {
      await turn()
      const [pause = -1] = clock.delays
      pauses.push(pause)
      await clock.advance(pause)
    }
    expect(pauses).toEqual([50, 100, 200, 50])
    stop.abort()
    await running
  })

  it('asks a consumer that was closed under it ever more slowly, in the background, and says so', async () => {
    const { clock, asked, failed, run } = setUp(
      () => 1,
      async () => [],
    )
    const stop = new AbortController()
    const running = run(stop.signal)
    await clock.advance(20_000)
    expect(asked.length).toBeLessThan(20)
    expect(failed[0]).toMatchObject({ code: 'BUS_CLOSED' })
    stop.abort()
    await running
    expect(clock.pending).toBe(0)
  })
})
