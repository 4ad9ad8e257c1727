import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { adapter as definition, RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import { RedisProcess } from '@bus/test-brokers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'
import { ownPrefix, redisUrl } from './redis.ts'
import { bodyOf, take } from './take.ts'

const run = promisify(execFile)

async function roundTrip(options: RedisAdapterOptions): Promise<string[]> {
  const adapter = new RedisAdapter(options)
  try {
    await adapter.initialize()
    const topics = [{ topic: 't', startFrom: 'earliest' as const }]
    const member = await adapter.consume({ topics, group: 'g' })
    await adapter.publish([
      { topic: 't', headers: {}, body: 'x' },
      { topic: 't', headers: {}, body: 'y', key: 'k' },
    ])
    const taken = await take(member, 2)
    await Promise.all(taken.map((delivery) => delivery.ack()))
    return taken.map(bodyOf).sort()
  } finally {
    await adapter.close()
  }
}

describe('TLS', () => {
  let directory: string
  let server: RedisProcess
  let tlsPort = 0
  const file = (name: string): string => join(directory, name)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bus-tls-'))
    const openssl = (line: string, ...rest: string[]): Promise<unknown> =>
      run('openssl', [...line.split(' '), ...rest], { cwd: directory })
    for (const ca of ['ca', 'other'])
      await openssl(`req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ${ca}.key -out ${ca}.crt -subj /CN=${ca}`)
    for (const name of ['server', 'client']) {
      await openssl(`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`)
      await run('bash', ['-c', 'echo subjectAltName=IP:127.0.0.1 > san'], { cwd: directory })
      const sign = `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out ${name}.crt`
      await openssl(sign)
    }
    server = await RedisProcess.start({
      args: (port) => {
        tlsPort = port
        const files = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')]
        return ['--tls-port', `${port}`, ...files, '--tls-ca-cert-file', file('ca.crt'), '--tls-auth-clients', 'yes']
      },
    })
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('trusts a CA of its own and shows a certificate, as options, as files, and from the environment', async () => {
    const [ca, cert, key] = await Promise.all(
      ['ca.crt', 'client.crt', 'client.key'].map((name) => readFile(file(name))),
    )
    const at = { host: '127.0.0.1', port: tlsPort }
    expect(await roundTrip({ ...at, tls: { ca, cert, key } })).toEqual(['x', 'y'])
    const files = { ca: file('ca.crt'), cert: file('client.crt'), key: file('client.key') }
    expect(await roundTrip({ url: `rediss://127.0.0.1:${tlsPort}`, tlsFiles: files })).toEqual(['x', 'y'])
    const fromEnv = definition.optionsFromEnv({
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: `${tlsPort}`,
      REDIS_TLS_CA_FILE: files.ca,
      REDIS_TLS_CERT_FILE: files.cert,
      REDIS_TLS_KEY_FILE: files.key,
    })
    expect(await roundTrip(fromEnv)).toEqual(['x', 'y'])
  })

  it('says what is wrong with a server it does not trust, a certificate it does not show, a file that is not there', async () => {
    const at = { host: '127.0.0.1', port: tlsPort, connectTimeoutMs: 3_000 }
    const files = { ca: file('ca.crt'), cert: file('client.crt'), key: file('client.key') }
    await expect(roundTrip({ ...at, tlsFiles: { ...files, ca: file('other.crt') } })).rejects.toThrow(
      'could not be trusted',
    )
    await expect(roundTrip({ ...at, tlsFiles: { ca: files.ca } })).rejects.toThrow(/certificate/)
    await expect(roundTrip({ ...at, tlsFiles: { ...files, key: file('none') } })).rejects.toThrow(
      /tlsFiles\.key.*ENOENT/,
    )
  })
})

describe('a user with few permissions', () => {
  it('can do everything with what the README names, and is told what is missing', async () => {
    await using server = await RedisProcess.start()
    const prefix = ownPrefix()
    const options = { url: `redis://127.0.0.1:${server.port}`, prefix, ...user }
    const rules = await minimalPermissions(prefix)
    await allow([server], rules)
    expect(await roundTrip(options)).toEqual(['x', 'y'])
    await expect(roundTrip({ ...options, prefix: ownPrefix() })).rejects.toThrow(/NOPERM|does not permit/)
    await allow([server], [...rules, '-xreadgroup', '-evalsha', '-eval'])
    await expect(roundTrip(options)).rejects.toThrow(/evalsha/i)
  })
})

describe('several applications on one server', () => {
  it('do not see each other in other databases and under other prefixes', async () => {
    const base = await redisUrl()
    const prefix = ownPrefix()
    const places = [
      { url: `${base}/0`, prefix },
      { url: `${base}/3`, prefix },
      { url: base, db: 4, prefix },
      { url: base, prefix: ownPrefix() },
    ]
    for (const place of places) expect(await roundTrip(place)).toEqual(['x', 'y'])
  })
})
