import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { Crew, type Member, type Step } from './crew.ts'
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

/** What a member that has just died had on loan, as the server knows it: `stream/id`. */
async function holdings(redis: Redis, base: string, { process: { pid } }: Member): Promise<string[]> {
  const held: string[] = []
  const isIts = (name: string): boolean => name.includes(`:${pid}:`)
  const look = async (stream: string, ...consumer: readonly string[]): Promise<void> => {
    const pending = (await redis.call('XPENDING', stream, 'g', '-', '+', '10000', ...consumer)) as [string][]
    held.push(...pending.map(([id]) => `${stream}/${id}`))
  }
  for (const name of await redis.zrange(`${base}:members:g`, '0', '-1')) if (isIts(name)) await look(base, name)
  for (const [field, token] of Object.entries(await redis.hgetall(`${base}:leases:g`)))
    if (/^\d+$/.test(field) && isIts(token)) await look(`${base}:${field}`)
  return held
}

async function bodiesOf(redis: Redis, base: string): Promise<Map<string, string>> {
  const bodies = new Map<string, string>()
  for (const stream of [base, ...Array.from({ length: 16 }, (_, n) => `${base}:${n}`)]) {
    for (const [id, fields] of await redis.xrange(stream, '-', '+'))
      bodies.set(`${stream}/${id}`, fields[fields.indexOf('body') + 1] ?? '')
  }
  return bodies
}

interface Death {
  readonly at: number
  readonly held: readonly string[]
}

/** By how often an event was lost (once, or more often): how long after the last death of who had it another one got it. */
function recoveries(
  steps: readonly Step[],
  deaths: readonly Death[],
  bodies: ReadonlyMap<string, string>,
): [once: number[], again: number[]] {
  const lost = new Map<string, number[]>()
  for (const { at, held } of deaths) {
    for (const body of held.map((one) => bodies.get(one) ?? '')) lost.set(body, [...(lost.get(body) ?? []), at])
  }
  const found: [number[], number[]] = [[], []]
  for (const step of steps.toSorted((a, b) => a.at - b.at)) {
    if (step.what !== 'lent') continue
    const before = (lost.get(step.body) ?? []).filter((at) => at < step.at)
    if (before.length === 0) continue
    found[before.length > 1 ? 1 : 0].push(step.at - Math.max(...before))
    lost.set(step.body, [])
  }
  return found
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
    const [redis, base, deaths] = [new Redis(url), `{${prefix}:${topic}}`, [] as Death[]]
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
      const victim = alive[Math.floor(Math.random() * alive.length)] as Member
      await victim.kill()
      deaths.push({ at: victim.diedAt, held: await holdings(redis, base, victim) })
      await crew.join()
    }
    publishing = false
    await publish
    await until(() => crew.handled.size >= resolved.size, 120_000)
    const [once, again] = recoveries(crew.steps, deaths, await bodiesOf(redis, base))
    for (const [index, ms] of [once, again].entries()) {
      ms.sort((a, b) => a - b)
      const at = (share: number): number => Math.round(ms[Math.floor((ms.length - 1) * share)] ?? 0)
      console.log(
        `${resolved.size} events; ${ms.length} that were lost ${index === 0 ? 'once' : 'again'} were lent ${at(0.5)} ms (median), ${at(0.95)} ms (p95), ${at(1)} ms at most after the death of who had them; the bound is ${leaseMs + 2 * graceMs} ms`,
      )
    }
    redis.disconnect()
    expect([...resolved].filter((body) => !crew.handled.has(body))).toEqual([])
    // What is lost a second time comes one at a time from then on, and is not bound to this.
    // Half a second more for a machine that has other work as well; the figure is above.
    expect(Math.max(...once)).toBeLessThan(leaseMs + 2 * graceMs + 500)
    await Promise.all(crew.alive.map((member) => member.leave()))
    await adapter.close()
  })
})
