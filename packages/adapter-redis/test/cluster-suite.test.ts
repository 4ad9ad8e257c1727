import { RedisAdapter } from '@bus/adapter-redis'
import { conformance, facadeCases, spiCases } from '@bus/core/conformance'
import { startRedisCluster } from '@bus/test-brokers'
import { afterAll, describe, it } from 'vitest'
import { allow, minimalPermissions, user } from './permissions.ts'
import { leaseMs, ownPrefix } from './redis.ts'
import { redisSubject } from './subject.ts'

const cluster = await startRedisCluster({ masters: 3 })
const prefix = ownPrefix()
const nodes = cluster.nodes.map(({ host, port }) => ({ host, port }))
// As a user who may do what the README says, and nothing else.
await allow(cluster.nodes, [...(await minimalPermissions(prefix)), '+cluster|slots'])
afterAll(() => cluster.stop())

conformance(
  { describe, it: it.concurrent },
  {
    name: 'redis-cluster',
    facts: redisSubject.facts,
    leaseMs,
    create: () => new RedisAdapter({ cluster: nodes, prefix, leaseMs, ...user }),
  },
  [...spiCases, ...facadeCases],
)
