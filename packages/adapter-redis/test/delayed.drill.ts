import { expect, it } from 'vitest'
import { adapterAt, ownPrefix } from './redis.ts'
import { bodyOf, take } from './take.ts'

it('what is put aside is never early and hardly late', { timeout: 120_000 }, async () => {
  const prefix = ownPrefix()
  const [publishing, consuming] = [await adapterAt({ prefix }), await adapterAt({ prefix })]
  await Promise.all([publishing.initialize(), consuming.initialize()])
  const member = await consuming.consume({ topics: [{ topic: 't', startFrom: 'earliest' }], group: 'g' })
  const start = Date.now() + 500
  const due = Array.from({ length: 1_000 }, (_, n) => start + Math.floor(Math.random() * 20_000) + (n % 2))
  await publishing.publish(due.map((notBefore) => ({ topic: 't', headers: {}, body: `${notBefore}`, notBefore })))
  const late: number[] = []
  while (late.length < due.length) {
    for (const delivery of await take(member, 1)) {
      late.push(Date.now() - Number(bodyOf(delivery)))
      void delivery.ack()
    }
  }
  late.sort((a, b) => a - b)
  console.log(
    `${late.length} events late by ${late[500]} ms (median), ${late[990]} ms (p99), ${late.at(-1)} ms at most`,
  )
  expect(late[0]).toBeGreaterThanOrEqual(0)
  expect(late[990]).toBeLessThan(500)
  await Promise.all([publishing.close(), consuming.close()])
})
