import { describe, expect, test } from 'vitest'
import { type Outcome, runOrders, sharedBackends } from './run.ts'

// How soon a backend notices that a member is dead.
const noticeDeaths = { KAFKA_SESSION_TIMEOUT: '6000' }
const minutes = 60_000

describe('orders', () => {
  let inMemory: Outcome

  test('ends every order and balances the books in memory', async () => {
    inMemory = await runOrders('memory')
    expectSuccess(inMemory)
    expect(JSON.parse(inMemory.summary)).toMatchObject({
      problems: [],
      outcomes: { 'o-001': 'paid', 'o-008': 'cancelled' },
      attempts: {
        'payment orders order.placed': { 'o-001': [1], 'o-008': [1, 2, 3, 4], 'o-017': [1], 'o-033': [1, 2, 3] },
      },
    })
  })

  test.each(sharedBackends())(
    'gives the same handled events, attempts and dead letters on %s',
    { timeout: 3 * minutes },
    async (backend) => {
      const run = await runOrders(backend)
      expectSuccess(run)
      expect(run.output).toContain('4 processes')
      expect(run.summary).toBe(inMemory.summary)
    },
  )

  // Most of it is waiting for a backend to notice the death.
  test.concurrent.each(sharedBackends())(
    'loses nothing when a payment process is killed in the middle on %s',
    { timeout: 3 * minutes },
    async (backend) => {
      const run = await runOrders(backend, ['--kill', '12'], noticeDeaths)
      expectSuccess(run)
      expect(run.output).toMatch(/launcher +killed .*payment-[12], in the middle of a charge/)
      expect(run.output).toMatch(/interrupted by a kill +[1-9]/)
      expect(run.summary).toBe(inMemory.summary)
    },
  )

  test.runIf(sharedBackends().includes('redis'))(
    'two runs on one broker do not see each other',
    { timeout: 3 * minutes },
    async () => {
      const runs = await Promise.all([runOrders('redis'), runOrders('redis')])
      for (const run of runs) {
        expectSuccess(run)
        expect(run.summary).toBe(inMemory.summary)
      }
    },
  )

  test('fails, and says which orders, when not all of them have ended', async () => {
    const run = await runOrders('memory', ['--timeout', '0.05'])
    expect(run.code).toBe(1)
    expect(run.output).toContain('o-040 is lost: neither paid nor cancelled')
  })

  test('says what is wrong with the configuration', async () => {
    const run = await runOrders('no-such-backend')
    expect(run.code).toBe(1)
    expect(run.output).toContain('There is no adapter named "no-such-backend"')
    expect(run.output).not.toContain('    at ')
  })
})

/** What the app printed says more than its exit code. */
function expectSuccess({ code, output }: Outcome): void {
  if (code !== 0) throw new Error(`exit code ${code}:\n${output}`)
}
