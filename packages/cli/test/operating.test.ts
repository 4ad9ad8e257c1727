import { describe, expect, it, vi } from 'vitest'
import { Application, environmentOf, sharedBackends } from './support/backends.ts'
import { bus, jsonLines } from './support/cli.ts'

interface Finding {
  readonly check: string
  readonly status: string
  readonly detail: string
}

const patience = { timeout: 60_000, interval: 100 }

describe.each(sharedBackends())('on %s', (backend) => {
  it('tells of groups, and replays the past into one', { timeout: 180_000 }, async () => {
    const env = environmentOf(backend)
    await using application = await Application.start(env)
    const handled: { readonly n: number; readonly replayed: boolean }[] = []
    const id = await application.bus.subscribe(
      'orders',
      ({ payload }, { replayed }) => void handled.push({ n: (payload as { n: number }).n, replayed }),
      { consumerGroup: 'billing', startFrom: 'earliest' },
    )
    for (const n of [1, 2, 3]) await application.bus.publish('orders', n < 3 ? 'placed' : 'paid', { n })
    await vi.waitFor(() => expect(handled).toHaveLength(3), patience)

    const refused = await bus(['replay', 'orders', '--group', 'billing'], { env })
    expect(refused).toMatchObject({ code: 4, stdout: '' })
    const unknown = await bus(['replay', 'orders', '--group', 'nobody', '--yes'], { env })
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('has never subscribed')
    const args = ['replay', 'orders', '--group', 'billing', '--type', 'placed']
    expect((await bus([...args, '--dry-run'], { env })).stdout).toBe('2 events would be replayed\n')
    const replayed = await bus([...args, '--yes', '--json'], { env })
    expect(JSON.parse(replayed.stdout)).toEqual({ read: 3, matched: 2, replayed: 2, skipped: 0, complete: true })
    await vi.waitFor(() => expect(handled).toHaveLength(5), patience)
    expect(handled.slice(3).toSorted((a, b) => a.n - b.n)).toEqual([
      { n: 1, replayed: true },
      { n: 2, replayed: true },
    ])

    await application.bus.unsubscribe(id)
    await application.bus.publish('orders', 'placed', { n: 4 })
    const groups = await bus(['groups', 'orders', '--group', 'billing', '--json'], { env })
    expect(groups.code).toBe(0)
    expect(jsonLines(groups.stdout)).toEqual([
      expect.objectContaining({ topic: 'orders', group: 'billing', lag: 1, pending: 0, retries: 0 }),
    ])
    const table = await bus(['groups'], { env })
    expect(table.stdout).toMatch(/^TOPIC +GROUP +LAG +PENDING +RETRIES +OLDEST\norders +billing +1 +0 +0 /)
    expect(await bus(['groups', 'nowhere', '--group', 'billing'], { env })).toMatchObject({ code: 1, stdout: '' })
    const none = await bus(['groups', '--group', 'shipping'], { env })
    expect(none).toMatchObject({ code: 1, stdout: '' })
    expect(none.stderr).toContain('There is no group "shipping"')

    const stats = await bus(['stats', '--json'], { env })
    expect(jsonLines(stats.stdout)).toEqual([
      { topic: 'orders', groups: 1, lag: 1, pending: 0, retries: 0, deadLetters: 0 },
    ])
  })

  it('tells that it is healthy, and nothing of secrets', { timeout: 120_000 }, async () => {
    const own = backend === 'redis' ? { REDIS_PASWORD: 's3cret' } : { KAFKA_PASWORD: 's3cret' }
    const env = { ...environmentOf(backend), ...own }
    const health = await bus(['health', '--json'], { env })
    expect(health.code).toBe(0)
    expect(JSON.parse(health.stdout)).toMatchObject({ healthy: true, adapter: backend })

    const { code, stdout, stderr } = await bus(['doctor', '--write', 'probes', '--json'], { env })
    expect(code).toBe(0)
    const findings = jsonLines<Finding>(stdout)
    expect(findings.filter(({ status }) => status === 'problem')).toEqual([])
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['versions', 'configuration', 'connection', 'round trip', 'list topics', 'publish']),
    )
    const unused = findings.filter(({ check, status }) => check === 'configuration' && status === 'warning')
    expect(unused.map(({ detail }) => detail)).toEqual([expect.stringContaining(`${backend.toUpperCase()}_PASWORD`)])
    expect(stdout + stderr + health.stdout).not.toContain('s3cret')
  })

  it('says that the backend is out of reach', { timeout: 120_000 }, async () => {
    const address =
      backend === 'redis' ? { REDIS_URL: 'redis://me:s3cret@127.0.0.1:1' } : { KAFKA_BROKERS: '127.0.0.1:1' }
    const env = { ...environmentOf(backend), ...address, KAFKA_CONNECTION_TIMEOUT: '1000' }
    const [health, doctor, topics] = await Promise.all([
      bus(['health', '--json'], { env }),
      bus(['doctor'], { env }),
      bus(['topics', '--json'], { env }),
    ])
    expect([health.code, doctor.code, topics.code]).toEqual([3, 3, 3])
    expect(JSON.parse(health.stdout)).toMatchObject({ healthy: false, reason: expect.stringContaining('127.0.0.1:1') })
    expect(doctor.stdout).toMatch(/^problem +connection +/m)
    expect(JSON.parse(topics.stderr)).toMatchObject({ error: { code: 'BUS_BACKEND_UNAVAILABLE' } })
    expect(JSON.stringify([health, doctor, topics])).not.toContain('s3cret')
  })
})

describe('doctor', () => {
  it('tells every wrong variable at once', async () => {
    const env = { EVENT_BUS_ADAPTER: 'redis', REDIS_PORT: 'many', REDIS_DB: '-1', REDIS_PASSWORD: 's3cret' }
    const { code, stdout } = await bus(['doctor'], { env })
    expect(code).toBe(3)
    expect(stdout).toContain('REDIS_PORT: "many"')
    expect(stdout).toContain('REDIS_DB: "-1"')
    expect(stdout).toContain('REDIS_PASSWORD=(hidden)')
    expect(stdout).not.toContain('s3cret')
  })
})
