import { idempotencyCasesOn, idempotencyStoreConformance, runCase } from '@bus/core/conformance'
import { RedisIdempotencyStore } from '@bus/adapter-redis'
import { afterAll, describe, expect, it } from 'vitest'
import { adapterAt, ownPrefix, redisUrl } from './redis.ts'
import { redisSubject } from './subject.ts'

const stores: RedisIdempotencyStore[] = []
const [url, prefix] = [await redisUrl(), ownPrefix()]

function made(): RedisIdempotencyStore {
  const store = new RedisIdempotencyStore({ url, prefix })
  stores.push(store)
  return store
}

afterAll(() => Promise.all(stores.map((store) => store.close())))

idempotencyStoreConformance({ describe, it: it.concurrent }, 'RedisIdempotencyStore', async () => made())

describe('below a bus', () => {
  const subject = { ...redisSubject, create: () => adapterAt({ prefix }) }
  it.concurrent.each(idempotencyCasesOn(made))('$name', (one) => runCase(one, subject))
})

it('is the same for all processes with one prefix, and another for those with another', async () => {
  const [one, two] = [made(), made()]
  const other = new RedisIdempotencyStore({ url, prefix: ownPrefix() })
  stores.push(other)
  expect(await one.claim('k', 'one', 60_000)).toBe('claimed')
  expect(await two.claim('k', 'two', 60_000)).toBe('busy')
  expect(await other.claim('k', 'two', 60_000)).toBe('claimed')
})
