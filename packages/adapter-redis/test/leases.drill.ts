import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Crew, type Step } from './crew.ts'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

const leaseMs = 2_000
// A member that is overdue has so much longer; looks for what it left come with it.
const graceMs = leaseMs / 4
const window = { prefetch: 20, concurrency: 20 }

async function until(check: () => boolean, ms: number): Promise<void> {
  const end = Date.now() + ms
  while (!check() && Date.now() < end) await sleep(20)
}

function startsOf(steps: readonly Step[]): Map<string, Step[]> {
  const starts = new Map<string, Step[]>()
  for (const step of steps) {
    if (step.what === 'start') starts.set(step.body, [...(starts.get(step.body) ?? []), step])
  }
  return starts
}

describe('three members with a lease of 2 s', () => {
  it('handle each event once, though each takes five leases', { timeout: 400_000 }, async () => {
    const [url, prefix, topic] = [await redisUrl(), ownPrefix(), 'slow']
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    await using crew = new Crew({ url, prefix, topic, leaseMs, handleMs: 10_000, ...window })
    await Promise.all([crew.join(), crew.join(), crew.join()])
    const bodies = Array.from({ length: 1_000 }, (_, n) => `${n % 2 === 0 ? 'u' : 'k'}${n}:1`)
    await adapter.publish(
      bodies.map((body) => ({ topic, key: body.startsWith('k') ? body : undefined, headers: {}, body })),
    )
    await until(() => crew.handled.size >= bodies.length, 380_000)
    const repeated = [...startsOf(crew.steps).values()].filter((starts) => starts.length > 1)
    console.log(`${crew.handled.size} of ${bodies.length} handled, ${repeated.length} started more than once`)
    expect(crew.handled.size).toBe(bodies.length)
    expect(repeated).toEqual([])
    await Promise.all(crew.alive.map((member) => member.leave()))
    await adapter.close()
  })

  it('lose nothing while one of them is killed every second', { timeout: 200_000 }, async () => {
    const [url, prefix, topic] = [await redisUrl(), ownPrefix(), 'killed']
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    await using crew = new Crew({ url, prefix, topic, leaseMs, handleMs: 400, ...window })
    await Promise.all([crew.join(), crew.join(), crew.join()])
    const resolved = new Set<string>()
    let publishing = true
    const publish = (async () => {
      for (let round = 0; publishing; round++) {
        const bodies = Array.from({ length: 10 }, (_, n) => `${n % 2 === 0 ? 'u' : 'k'}${round}-${n}:1`)
        await adapter.publish(
          bodies.map((body) => ({ topic, key: body.startsWith('k') ? body : undefined, headers: {}, body })),
        )
        for (const body of bodies) resolved.add(body)
        await sleep(200)
      }
    })()
    for (let kill = 0; kill < 15; kill++) {
      await sleep(1_000)
      const { alive } = crew
      await alive[Math.floor(Math.random() * alive.length)]?.kill()
      await crew.join()
    }
    publishing = false
    await publish
    await until(() => crew.handled.size >= resolved.size, 120_000)
    const diedAt = (number: number): number => crew.members.find((one) => one.number === number)?.diedAt ?? Infinity
    const recoveries: number[] = []
    for (const [first, second] of startsOf(crew.steps).values()) {
      if (first !== undefined && second !== undefined) recoveries.push(second.at - diedAt(first.member))
    }
    recoveries.sort((a, b) => a - b)
    const at = (share: number): number => Math.round(recoveries[Math.floor((recoveries.length - 1) * share)] ?? 0)
    console.log(
      `${resolved.size} events, ${recoveries.length} orphans started again after ${at(0.5)} ms (median), ${at(0.95)} ms (p95), ${at(1)} ms at most; the bound is ${leaseMs + 2 * graceMs} ms`,
    )
    expect([...resolved].filter((body) => !crew.handled.has(body))).toEqual([])
    expect(at(0.5)).toBeLessThan(leaseMs + 2 * graceMs + 1_000)
    await Promise.all(crew.alive.map((member) => member.leave()))
    await adapter.close()
  })
})
