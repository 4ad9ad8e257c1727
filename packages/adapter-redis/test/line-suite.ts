import { RedisAdapter } from '@bus/adapter-redis'
import { conformance, facadeCases, spiCases } from '@bus/core/conformance'
import { RedisProcess } from '@bus/test-brokers'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'
import { leaseMs, ownPrefix } from './redis.ts'
import { redisSubject } from './subject.ts'

/**
 * The suite on another server than the one at hand, as a user who may do no more than the README says; `version` is a
 * line of its `INFO server`.
 */
export async function suiteOn(name: string, program: string, version: RegExp): Promise<void> {
  const server = await RedisProcess.start({ program })
  const prefix = ownPrefix()
  await allow([server], await minimalPermissions(prefix))
  afterAll(() => server.stop())

  it(`is ${name}`, async () => {
    const admin = new Redis(server.url)
    expect(await admin.info('server')).toMatch(version)
    admin.disconnect()
  })

  conformance(
    { describe, it: it.concurrent },
    {
      name,
      facts: redisSubject.facts,
      leaseMs,
      create: () => new RedisAdapter({ url: server.url, prefix, leaseMs, ...user }),
    },
    [...spiCases, ...facadeCases],
  )
}
