import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ownPrefix, redisUrl } from './redis.ts'

const script = fileURLToPath(new URL('idler.ts', import.meta.url))

/** The share of a core that idle subscriptions take. */
async function shareOf(subscriptions: number): Promise<number> {
  const args = ['--conditions=@bus/source', script, await redisUrl(), ownPrefix(), `${subscriptions}`, '30']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

it('subscriptions with nothing to do take next to nothing', { timeout: 180_000 }, async () => {
  const [ten, hundred] = [await shareOf(10), await shareOf(100)]
  const percent = (share: number): string => `${(share * 100).toFixed(2)} % of a core`
  console.log(`idle: 10 subscriptions ${percent(ten)}, 100 subscriptions over 50 topics ${percent(hundred)}`)
  expect(ten).toBeLessThan(0.005)
  expect(hundred).toBeLessThan(0.01)
})
