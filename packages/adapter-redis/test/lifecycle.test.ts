import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { adapter as definition, RedisAdapter } from '@bus/adapter-redis'
import { BackendUnavailableError, ConfigInvalidError, type Consumer } from '@bus/core/spi'
import { startRedis } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'

async function failure(adapter: RedisAdapter): Promise<Error> {
  const error = await adapter.initialize().then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  await adapter.close()
  expect(error).toBeInstanceOf(BackendUnavailableError)
  return error as Error
}

describe('connecting', () => {
  it('fails with the address when nothing listens there', async () => {
    const error = await failure(new RedisAdapter({ url: 'redis://me:s3cret@127.0.0.1:1' }))
    expect(error.message).toContain('redis://127.0.0.1:1')
    expect(error.message).not.toContain('s3cret')
  })

  it('fails when the server has no such database, instead of using another one', async () => {
    const error = await failure(new RedisAdapter({ url: `${await redisUrl()}/99` }))
    expect(error.message).toContain('has no such database')
  })

  it('fails in time when nobody answers', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const started = performance.now()
    const error = await failure(
      new RedisAdapter({ port: (silent.address() as AddressInfo).port, host: '127.0.0.1', connectTimeoutMs: 300 }),
    )
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(error.message).toContain('300 ms')
    silent.close()
  })

  it('says that the password is missing or wrong, and works with the right one', async () => {
    await using server = await startRedis({ how: 'process', args: ['--requirepass', 'correct'] })
    const at = (password?: string): RedisAdapter => new RedisAdapter({ host: server.host, port: server.port, password })
    expect((await failure(at())).message).toContain('asks for a password')
    const wrong = await failure(at('wrong-one'))
    expect(wrong.message).toContain('refused the user name or the password')
    expect(wrong.message).not.toContain('wrong-one')
    const right = at('correct')
    await right.initialize()
    await right.ping()
    await right.close()
  })

  it('can be tried again after a failure, and follows the server away and back', async () => {
    await using server = await startRedis({ how: 'process' })
    await server.kill()
    const adapter = new RedisAdapter({ url: server.url })
    await expect(adapter.initialize()).rejects.toBeInstanceOf(BackendUnavailableError)
    await server.restart()
    await adapter.initialize()
    await adapter.ping()
    await server.kill()
    await expect
      .poll(
        () =>
          adapter.ping(AbortSignal.timeout(500)).then(
            () => true,
            () => false,
          ),
        { timeout: 5_000 },
      )
      .toBe(false)
    await server.restart()
    await expect
      .poll(
        () =>
          adapter.ping(AbortSignal.timeout(500)).then(
            () => true,
            () => false,
          ),
        { timeout: 5_000 },
      )
      .toBe(true)
    server.pause()
    await expect(adapter.ping(AbortSignal.timeout(300))).rejects.toThrow()
    server.resume()
    await adapter.close()
  })

  it('works for a user who may do no more than the README says', async () => {
    await using server = await startRedis({ how: 'process' })
    const admin = new Redis(server.url)
    const permitted =
      '+@connection +@stream +@scripting +info +time +exists +del +pexpire +hget +hset +hmget +hsetnx +hdel +hexists +hgetall +hvals +hincrby +sadd +smembers +zadd +zrem +zscore +zcard +zrange +zrangebyscore'
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~bus:topics', '~{bus:*', ...permitted.split(' '))
    const adapter = new RedisAdapter({ host: server.host, port: server.port, username: 'app', password: 'pw' })
    await adapter.initialize()
    const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
    const reader = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
    await adapter.publish([
      { topic: 't', headers: {}, body: 'a' },
      { topic: 't', key: 'k', headers: {}, body: 'b', notBefore: Date.now() + 50 },
    ])
    const taken = []
    while (taken.length < 2) taken.push(...(await member.pull(2, AbortSignal.timeout(5_000))))
    await taken[0]?.release('note')
    const [again] = await member.pull(1, AbortSignal.timeout(5_000))
    await again?.forward?.({ topic: 't.g.retry', headers: {}, body: 'copy' })
    await taken[1]?.ack()
    expect(await adapter.inspect('t', 'g')).toEqual({ lag: 0, pending: 0, oldestPendingMs: 0, delayed: 0 })
    await reader.close()
    await member.close()
    await adapter.deleteGroup('t', 'g')
    expect(await adapter.listTopics()).toEqual(['t', 't.g.retry'])
    const log = (await admin.call('ACL', 'LOG')) as unknown[]
    expect(log).toEqual([])
    await adapter.close()
    admin.disconnect()
  })
})

describe('many subscriptions', () => {
  it('share two connections, and closing them takes milliseconds', async () => {
    await using server = await startRedis({ how: 'process' })
    const adapter = new RedisAdapter({ url: server.url })
    await adapter.initialize()
    const consumers: Consumer[] = []
    for (let number = 0; number < 100; number++) {
      const topic = `t${number % 50}`
      const group = number < 90 ? `g${number % 4}` : undefined
      const topics = [
        { topic, startFrom: 'latest' as const },
        ...(group === undefined ? [] : [{ topic: `${topic}.${group}.retry`, startFrom: 'earliest' as const }]),
      ]
      consumers.push(await adapter.consume({ topics, group }))
    }
    const pulls = consumers.map((consumer) => consumer.pull(10, new AbortController().signal))
    await adapter.publish(Array.from({ length: 50 }, (_, number) => ({ topic: `t${number}`, headers: {}, body: 'x' })))
    await Promise.all(pulls.slice(0, 40))
    const redis = new Redis(server.url)
    const clients = String(await redis.call('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes('name=bus'))
    expect(clients.length).toBe(2)
    redis.disconnect()
    const started = performance.now()
    await adapter.close()
    console.log(`100 consumers closed in ${Math.round(performance.now() - started)} ms`)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('a process', () => {
  it('ends by itself once the adapter is closed', async () => {
    const script = `
      import { RedisAdapter } from '@bus/adapter-redis'
      const adapter = new RedisAdapter({ url: process.argv[1], prefix: process.argv[2] })
      await adapter.initialize()
      const member = await adapter.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
      const reader = await adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })
      await adapter.publish([{ topic: 't', headers: {}, body: 'x', key: 'k' }, { topic: 't', headers: {}, body: 'later', notBefore: Date.now() + 600000 }])
      const pulled = await member.pull(1, AbortSignal.timeout(5000))
      const waiting = reader.pull(1, new AbortController().signal).then(() => reader.pull(1, new AbortController().signal))
      if (pulled.length !== 1) process.exit(3)
      await adapter.close()
      await waiting
      console.log('closed')`
    const child = spawn(
      process.execPath,
      ['--conditions=@bus/source', '--input-type=module', '-e', script, await redisUrl(), ownPrefix()],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: fileURLToPath(new URL('.', import.meta.url)),
      },
    )
    let closedAt = 0
    child.stdout.on('data', () => (closedAt = performance.now()))
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
    expect(closedAt).toBeGreaterThan(0)
    expect(performance.now() - closedAt).toBeLessThan(500)
  })

  it('is refused everything once the adapter is closed', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    await adapter.close()
    await adapter.close()
    await expect(adapter.publish([{ topic: 't', headers: {}, body: 'x' }])).rejects.toMatchObject({
      code: 'BUS_CLOSED',
      stored: 'no',
    })
    await expect(adapter.consume({ topics: [{ topic: 't', startFrom: 'latest' }] })).rejects.toMatchObject({
      code: 'BUS_CLOSED',
    })
    await expect(adapter.ping()).rejects.toMatchObject({ code: 'BUS_CLOSED' })
    await expect(adapter.listTopics()).rejects.toMatchObject({ code: 'BUS_CLOSED' })
  })
})

describe('options', () => {
  it('name a cluster or Sentinels in the environment, and not both a cluster and what it has not', () => {
    const { optionsFromEnv } = definition
    expect(optionsFromEnv({ REDIS_URL: 'redis://h', REDIS_CLUSTER: 'true' })).toEqual({
      url: 'redis://h',
      cluster: true,
    })
    expect(optionsFromEnv({ REDIS_CLUSTER_NODES: 'a:1, b', REDIS_WAIT_REPLICAS: '1' })).toEqual({
      cluster: [{ host: 'a', port: 1 }, { host: 'b' }],
      waitReplicas: 1,
    })
    expect(optionsFromEnv({ REDIS_SENTINELS: 'a:1,[::1]:2', REDIS_SENTINEL_NAME: 'main' })).toEqual({
      sentinels: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
      sentinelName: 'main',
    })
    expect(() => optionsFromEnv({ REDIS_URL: 'redis://h', REDIS_SENTINELS: 'a' })).toThrow('beside REDIS_URL')
    expect(() => optionsFromEnv({ REDIS_CLUSTER_NODES: 'a:99999' })).toThrow('host:port')
    expect(() => optionsFromEnv({ REDIS_TLS_CERT_FILE: 'c' })).toThrow('REDIS_TLS_KEY_FILE')
    expect(() => new RedisAdapter({ cluster: true, db: 1 })).toThrow('database 0')
    expect(() => new RedisAdapter({ cluster: [], sentinels: [] })).toThrow(/Sentinels[^]*names no node/)
    expect(() => new RedisAdapter({ waitReplicas: -1, waitReplicasMs: 60_000 })).toThrow(
      /waitReplicas[^]*waitReplicasMs/,
    )
  })

  it('are read from the environment, empty ones as unset, and REDIS_URL wins', () => {
    expect(
      definition.optionsFromEnv({
        REDIS_HOST: 'h',
        REDIS_PORT: '7000',
        REDIS_PASSWORD: '',
        REDIS_DB: '2',
        REDIS_TLS: 'yes',
      }),
    ).toMatchObject({
      host: 'h',
      port: 7000,
      password: undefined,
      db: 2,
      tls: true,
    })
    expect(definition.optionsFromEnv({ REDIS_URL: 'rediss://u:p@h:1/3', REDIS_PORT: 'abc' })).toEqual({
      url: 'rediss://u:p@h:1/3',
      prefix: undefined,
    })
  })

  it('refuse a position that is none', async () => {
    const adapter = await adapterAt()
    await adapter.initialize()
    const startFrom = { position: 'nonsense' }
    for (const group of ['g', undefined])
      await expect(adapter.consume({ topics: [{ topic: 't', startFrom }], group })).rejects.toThrow(ConfigInvalidError)
    const read = adapter.read({ topic: 't', after: 'nonsense' })[Symbol.asyncIterator]()
    await expect(read.next()).rejects.toThrow(/after[^]*"nonsense"/)
    await adapter.close()
  })

  it('that are wrong are named all at once, without secrets', () => {
    const read = (): unknown =>
      definition.optionsFromEnv({
        REDIS_PORT: 'abc',
        REDIS_DB: '-1',
        REDIS_TLS: 'maybe',
        REDIS_PREFIX: 'a b',
        REDIS_PASSWORD: 's3cret',
      })
    expect(read).toThrow(ConfigInvalidError)
    expect(read).toThrow(/REDIS_PORT[^]*REDIS_DB|REDIS_PREFIX/)
    try {
      read()
    } catch (error) {
      expect((error as ConfigInvalidError).issues.map(({ name }) => name).sort()).toEqual([
        'REDIS_DB',
        'REDIS_PORT',
        'REDIS_PREFIX',
        'REDIS_TLS',
      ])
      expect(String(error)).not.toContain('s3cret')
    }
    expect(() => definition.optionsFromEnv({ REDIS_URL: 'http://u:s3cret@h' })).toThrow(/http:\/\/…@h/)
    for (const url of ['redis://:pa%ss@host', 'rediss://us%er:pa%ss@host/1']) {
      expect(() => definition.optionsFromEnv({ REDIS_URL: url })).toThrow(ConfigInvalidError)
      expect(() => new RedisAdapter({ url })).toThrow(/url[^]*…@host[^]*URL-encoded/)
      expect(() => new RedisAdapter({ url })).not.toThrow(/pa%ss|us%er/)
    }
    expect(() => new RedisAdapter({ partitions: 0, leaseMs: 1.5, retention: { maxLength: 10, hardCap: 5 } })).toThrow(
      /partitions[^]*leaseMs[^]*hardCap/,
    )
  })
})
