import { RedisAdapter } from '@bus/adapter-redis'
import { conformance } from '@bus/core/conformance'
import { startRedisCluster } from '@bus/test-brokers'
import { afterAll, describe, it } from 'vitest'
import { leaseMs, ownPrefix } from './redis.ts'

const cluster = await startRedisCluster({ masters: 3 })
const prefix = ownPrefix()
afterAll(() => cluster.stop())

conformance(
  { describe, it: it.concurrent },
  {
    name: 'redis-cluster',
    facts: { durable: true, shared: true, delays: true, countsRedeliveries: 'each', forwards: true },
    leaseMs,
    create: () =>
      new RedisAdapter({ cluster: cluster.nodes.map(({ host, port }) => ({ host, port })), prefix, leaseMs }),
  },
)
