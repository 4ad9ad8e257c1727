import { describe, expect, it, vi } from 'vitest'
import { Application, environmentOf, sharedBackends } from './support/backends.ts'
import { bus, jsonLines } from './support/cli.ts'
import { Listener } from './support/listener.ts'

interface Letter {
  readonly id: string
  readonly topic: string
  readonly group: string
  readonly failureReason: string
  readonly event: { readonly payload: { readonly n: number }; readonly metadata: { readonly eventId: string } }
}

interface Printed {
  readonly topic: string
  readonly key?: string
  readonly position: string
  readonly type: string
  readonly payload: { readonly n: number }
  readonly metadata: { readonly eventId: string; readonly correlationId?: string }
}

const events = [1, 2, 3, 4].map((n) =>
  JSON.stringify({ type: 'order.placed', key: `o-${n}`, payload: { n }, metadata: { correlationId: 'flow-1' } }),
)
const patience = { timeout: 60_000, interval: 100 }

describe.each(sharedBackends())('on %s', (backend) => {
  it(
    'leads events from standard input to tail, to the dead letters, and back to the group',
    { timeout: 180_000 },
    async () => {
      const env = environmentOf(backend)
      await using application = await Application.start(env)
      let broken = true
      const handled: number[] = []
      await application.bus.subscribe(
        'orders',
        (event) => {
          if (broken) throw new Error('no stock')
          handled.push((event.payload as { n: number }).n)
        },
        { consumerGroup: 'billing', maxRetries: 0, useDLQ: true },
      )
      const tail = await Listener.start(['tail', 'orders', '--json'], { env })

      const published = await bus(['publish', 'orders'], { env, input: `${[...events, 'no event'].join('\n')}\n` })
      expect(published).toMatchObject({ code: 1, stdout: '' })
      expect(published.stderr).toContain('line 5: it is no JSON')
      expect(published.stderr).toContain('4 events published, 1 line refused')

      const seen = (await tail.lines(4)).map((line) => JSON.parse(line) as Printed)
      expect(seen.map(({ key }) => key).toSorted()).toEqual(['o-1', 'o-2', 'o-3', 'o-4'])
      expect(await tail.end('SIGINT')).toEqual({ code: 0, rest: [] })

      await vi.waitFor(async () => expect(await application.bus.deadLetters.count()).toBe(4), patience)
      const listed = jsonLines<Letter>((await bus(['dlq', 'ls', '--json', '--topic', 'orders'], { env })).stdout)
      expect(listed.map(({ topic, group, failureReason }) => ({ topic, group, failureReason }))).toEqual(
        Array.from({ length: 4 }, () => ({ topic: 'orders', group: 'billing', failureReason: 'no stock' })),
      )
      const [one, two] = listed as [Letter, Letter]
      const table = await bus(['dlq', 'ls', '--limit', '3'], { env })
      expect(table.stdout.split('\n')[0]).toMatch(/^ID +DIED +GROUP +TYPE +KEY +ATTEMPTS +REDRIVES +ERROR$/)
      expect(table.stdout.trim().split('\n')).toHaveLength(4)
      expect(table.stderr).toContain('There are more: --after')
      expect((await bus(['dlq', 'ls', '--count'], { env })).stdout).toBe('4\n')

      const shown = await bus(['dlq', 'show', one.id], { env })
      expect(shown.stdout).toContain('no stock')
      expect(shown.stdout).toContain(`"n": ${one.event.payload.n}`)
      expect(await bus(['dlq', 'show', 'orders.billing.dlq/nowhere'], { env })).toMatchObject({ code: 1, stdout: '' })

      const refused = await bus(['dlq', 'discard', one.id], { env })
      expect(refused).toMatchObject({ code: 4, stdout: '' })
      expect(refused.stderr).toContain('--yes')
      const discarded = await bus(['dlq', 'discard', one.id, '--yes', '--json'], { env })
      expect(JSON.parse(discarded.stdout)).toEqual({ matched: 1, discarded: 1, complete: true })
      expect(await bus(['dlq', 'show', one.id], { env })).toMatchObject({ code: 1 })

      broken = false
      const trial = await bus(['dlq', 'redrive', '--all', '--dry-run'], { env })
      expect(trial).toMatchObject({ code: 0, stdout: '3 dead letters would be redriven\n' })
      const first = await bus(['dlq', 'redrive', two.id, '-y'], { env })
      expect(first).toMatchObject({ code: 0, stdout: '1 dead letter redriven\n' })
      const others = await bus(['dlq', 'redrive', '--group', 'billing', '--yes', '--json'], { env })
      expect(JSON.parse(others.stdout)).toMatchObject({
        matched: 2,
        redriven: 2,
        parked: 0,
        skipped: 0,
        complete: true,
      })
      await vi.waitFor(() => expect(handled).toHaveLength(3), patience)
      expect(handled).not.toContain(one.event.payload.n)
      expect(await bus(['dlq', 'ls'], { env })).toMatchObject({ code: 0, stdout: '' })
    },
  )

  it('tells the past, and copies it with its ids', { timeout: 180_000 }, async () => {
    const env = environmentOf(backend)
    const input = `${[...events, '{"topic":"stock","type":"stock.left","payload":{"n":9},"metadata":{"correlationId":"flow-1"}}'].join('\n')}\n`
    const withTopics = input.replaceAll('{"type":"order', '{"topic":"orders","type":"order')
    const published = await bus(['publish', '--json'], { env, input: withTopics })
    expect(published.code).toBe(0)
    const lines = jsonLines<{ line: number; topic: string; eventId: string }>(published.stdout)
    expect(lines.map(({ line }) => line).toSorted()).toEqual([1, 2, 3, 4, 5])

    const history = await bus(['history', 'orders', '--json', '--from', '1h'], { env })
    const past = jsonLines<Printed>(history.stdout)
    expect(past.map(({ key }) => key).toSorted()).toEqual(['o-1', 'o-2', 'o-3', 'o-4'])
    const limited = await bus(['history', 'orders', '--key', 'o-3', '--limit', '1'], { env })
    expect(limited.stdout).toMatch(/^\S+ {2}orders {2}order\.placed {2}o-3 {2}\{"n":3\}\n$/)

    expect((await bus(['publish', 'copies'], { env, input: history.stdout })).code).toBe(0)
    const copies = jsonLines<Printed>((await bus(['history', 'copies', '--json'], { env })).stdout)
    const ids = (printed: readonly Printed[]): string[] => printed.map(({ metadata }) => metadata.eventId).toSorted()
    expect(ids(copies)).toEqual(ids(past))

    const flow = jsonLines<Printed>((await bus(['trace', 'flow-1', '--json', '--topics', '*s*'], { env })).stdout)
    expect(flow.map(({ topic }) => topic).toSorted()).toEqual([
      ...Array(4).fill('copies'),
      ...Array(4).fill('orders'),
      'stock',
    ])
    expect(await bus(['trace', 'nothing'], { env })).toMatchObject({ code: 1, stdout: '' })

    const topics = await bus(['topics', '--json'], { env })
    expect(jsonLines(topics.stdout).map(({ topic }) => topic)).toEqual(['copies', 'orders', 'stock'])
  })
})
