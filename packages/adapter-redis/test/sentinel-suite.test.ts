import { RedisAdapter } from '@bus/adapter-redis'
import { conformance, facadeCases, spiCases } from '@bus/core/conformance'
import { startRedisSentinel } from '@bus/test-brokers'
import { afterAll, describe, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'
import { leaseMs, ownPrefix } from './redis.ts'
import { redisSubject } from './subject.ts'

const sentinel = await startRedisSentinel()
const prefix = ownPrefix()
// As a user who may do what the README says, and nothing else.
await allow(sentinel.nodes, [...(await minimalPermissions(prefix)), '+wait'])
afterAll(() => sentinel.stop())

conformance(
  { describe, it: it.concurrent },
  {
    name: 'redis-sentinel',
    facts: redisSubject.facts,
    leaseMs,
    // Everything that is published waits for the replica.
    create: () => new RedisAdapter({ sentinels: sentinel.sentinels, prefix, leaseMs, waitReplicas: 1, ...user }),
  },
  [...spiCases, ...facadeCases],
)
