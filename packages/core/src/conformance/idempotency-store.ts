import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IdempotencyStore } from '../spi/index.ts'
import type { Runner } from './subject.ts'

/** Registers what every idempotency store must pass. */
export function idempotencyStoreConformance(
  { describe, it }: Runner,
  name: string,
  make: () => Promise<IdempotencyStore>,
): void {
  const test = (what: string, run: (store: IdempotencyStore, key: string) => Promise<void>): unknown =>
    it(what, async () => run(await make(), `orders/billing/${randomUUID()}`))

  describe(`${name} is an idempotency store`, () => {
    test('a key has one owner at a time, who may claim it again', async (store, key) => {
      assert.equal(await store.claim(key, 'one', 60_000), 'claimed')
      assert.equal(await store.claim(key, 'two', 60_000), 'busy')
      assert.equal(await store.claim(key, 'one', 60_000), 'claimed')
      assert.equal(await store.claim(`${key}-other`, 'two', 60_000), 'claimed')
    })

    test('of many who claim at once, one gets it', async (store, key) => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => store.claim(key, `owner ${n}`, 60_000)))
      assert.equal(outcomes.filter((outcome) => outcome === 'claimed').length, 1)
      assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 49)
    })

    test('what is released is free, and only its owner releases it', async (store, key) => {
      await store.claim(key, 'one', 60_000)
      await store.release(key, 'two')
      assert.equal(await store.claim(key, 'two', 60_000), 'busy')
      await store.release(key, 'one')
      assert.equal(await store.claim(key, 'two', 60_000), 'claimed')
    })

    test('what is done is done for everybody, until its time is over', async (store, key) => {
      await store.claim(key, 'one', 60_000)
      await store.done(key, 'one', 400)
      assert.equal(await store.claim(key, 'two', 60_000), 'done')
      assert.equal(await store.claim(key, 'one', 60_000), 'done')
      await store.release(key, 'one')
      assert.equal(await store.renew(key, 'one', 60_000), false)
      assert.equal(await store.claim(key, 'two', 60_000), 'done')
      await sleep(500)
      assert.equal(await store.claim(key, 'two', 60_000), 'claimed')
    })

    test('a claim ends with its lease, unless it is renewed', async (store, key) => {
      await store.claim(key, 'one', 2_000)
      await store.claim(`${key}-renewed`, 'one', 2_000)
      assert.equal(await store.renew(`${key}-renewed`, 'one', 60_000), true)
      assert.equal(await store.renew(`${key}-renewed`, 'two', 1), false)
      await sleep(2_200)
      assert.equal(await store.claim(key, 'two', 60_000), 'claimed')
      assert.equal(await store.renew(key, 'one', 60_000), false)
      assert.equal(await store.claim(`${key}-renewed`, 'two', 60_000), 'busy')
    })
  })
}
