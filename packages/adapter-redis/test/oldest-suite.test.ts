import { RedisAdapter } from '@bus/adapter-redis'
import { conformance, facadeCases, spiCases } from '@bus/core/conformance'
import { redis62, RedisProcess } from '@bus/test-brokers'
import { afterAll, describe, expect, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'
import { leaseMs, ownPrefix } from './redis.ts'
import { redisSubject } from './subject.ts'

const server = await RedisProcess.start({ program: await redis62() })
const prefix = ownPrefix()
await allow([server], await minimalPermissions(prefix))
afterAll(() => server.stop())

it('is the oldest line that is supported', () => {
  expect(server.summary).toContain('redis-server 6.2.')
})

conformance(
  { describe, it: it.concurrent },
  {
    name: 'redis-6.2',
    facts: redisSubject.facts,
    leaseMs,
    create: () => new RedisAdapter({ url: server.url, prefix, leaseMs, ...user }),
  },
  [...spiCases, ...facadeCases],
)
