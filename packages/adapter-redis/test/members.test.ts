import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Crew, type Step } from './crew.ts'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

// Long enough for a machine that is busy with other things: who stalls beyond it loses its work to others, rightly.
const leaseMs = 2_000

async function until(check: () => boolean, ms = 40_000): Promise<void> {
  const end = Date.now() + ms
  while (!check() && Date.now() < end) await sleep(20)
}

/** Per key: the first starts are in order, and no two members are at it at the same time. */
function problems(steps: readonly Step[], diedAt: (member: number) => number): string[] {
  const found: string[] = []
  const keys = new Map<string, Step[]>()
  for (const step of steps) {
    if (step.what !== 'start' && step.what !== 'end') continue
    const key = step.body.split(':')[0] as string
    keys.set(key, [...(keys.get(key) ?? []), step])
  }
  for (const [key, all] of keys) {
    const sorted = all.toSorted((a, b) => a.at - b.at)
    let highest = 0
    const seen = new Set<string>()
    let current: Step | undefined
    for (const step of sorted) {
      if (step.what === 'end') {
        if (current?.body === step.body && current.member === step.member) current = undefined
        continue
      }
      const number = Number(step.body.split(':')[1])
      if (!seen.has(step.body)) {
        if (number !== highest + 1) found.push(`${key}: ${number} after ${highest}`)
        highest = Math.max(highest, number)
        seen.add(step.body)
      }
      if (current !== undefined && diedAt(current.member) > step.at)
        found.push(`${key}: ${current.body} and ${step.body} at once`)
      current = step
    }
  }
  return found
}

describe('members of a group in processes of their own', () => {
  it('keep the order of each key and lose nothing while they join, leave and are killed', async () => {
    const [url, prefix, topic] = [await redisUrl(), ownPrefix(), 'work']
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    await using crew = new Crew({ url, prefix, topic, leaseMs })
    await Promise.all([crew.join(), crew.join(), crew.join()])
    const published = new Set<string>()
    let round = 0
    let publishing = true
    const publish = (async () => {
      while (publishing) {
        round++
        const messages = Array.from({ length: 40 }, (_, key) => ({
          topic,
          key: `k${key}`,
          headers: {},
          body: `k${key}:${round}`,
        }))
        const unkeyed = Array.from({ length: 10 }, (_, n) => ({ topic, headers: {}, body: `u${round}-${n}:1` }))
        await adapter.publish([...messages, ...unkeyed])
        for (const { body } of [...messages, ...unkeyed]) published.add(body)
        await sleep(60)
      }
    })()
    const actions = ['kill', 'join', 'leave', 'join', 'kill', 'join', 'kill', 'leave', 'join']
    for (const action of actions) {
      const goal = crew.handled.size + 200
      await until(() => crew.handled.size >= goal)
      const member = crew.alive[Math.floor(Math.random() * crew.alive.length)]
      if (action === 'join') await crew.join()
      else if (action === 'kill') await member?.kill()
      else await member?.leave()
    }
    publishing = false
    await publish
    await until(() => crew.handled.size >= published.size)
    const { handled } = crew
    expect([...published].filter((body) => !handled.has(body))).toEqual([])
    expect(
      problems(crew.steps, (number) => crew.members.find((member) => member.number === number)?.diedAt ?? 0),
    ).toEqual([])
    const ends = crew.steps.filter(({ what }) => what === 'end').length
    console.log(
      `${published.size} events, ${crew.steps.filter(({ what }) => what === 'start').length - published.size} started again, ${ends - published.size} of them after they had ended`,
    )
    await Promise.all(crew.alive.map((member) => member.leave()))
    await adapter.close()
  })

  it('bury nobody but the one that kills them: its deaths are counted, its neighbours pay nothing', async () => {
    const [url, prefix, topic] = [await redisUrl(), ownPrefix(), 'poisoned']
    const adapter = await adapterAt({ prefix })
    await adapter.initialize()
    const bodies = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? `k${n % 6}:${n}` : `u${n}:1`))
    const poison = bodies[31] as string
    await using crew = new Crew({ url, prefix, topic, leaseMs, poison })
    await adapter.publish(
      bodies.map((body) => ({ topic, key: body.startsWith('k') ? body.split(':')[0] : undefined, headers: {}, body })),
    )
    for (let life = 1; life <= 4; life++) {
      const member = await crew.join().catch(() => undefined)
      await until(() => crew.alive.length === 0)
      void member
    }
    const starts = crew.steps.filter(({ what, body }) => what === 'start' && body === poison)
    // The second time it died among others, who are not charged for it; the third time alone, which tells.
    expect(starts.map(({ redeliveries }) => redeliveries)).toEqual([0, 1, 1, 3])
    const others = crew.steps.filter(({ what, body }) => what === 'start' && body !== poison)
    expect(Math.max(...others.map(({ redeliveries }) => redeliveries))).toBeLessThanOrEqual(1)
    await adapter.close()
  })
})
