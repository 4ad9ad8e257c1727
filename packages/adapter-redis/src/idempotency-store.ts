import type { ClaimOutcome, IdempotencyStore } from '@bus/core/spi'
import { Cluster } from './link/cluster.ts'
import { OneServer } from './link/one-server.ts'
import type { Servers } from './link/servers.ts'
import type { RedisAdapterOptions } from './options.ts'
import { type Script, script } from './scripts/script.ts'
import { settingsOf } from './settings.ts'

// A key holds `done`, or whose claim it is; it expires by itself.
const doneMark = 'done'

/**
 * Takes a key unless it is done or somebody else has it.
 *
 * KEYS: key. ARGV: owner, lease in ms. Reply: `claimed`, `busy` or `done`.
 */
const claim: Script = script(
  'idempotency-claim',
  `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'claimed' end
local holder = redis.call('GET', KEYS[1])
if holder == '${doneMark}' then return 'done' end
if holder ~= ARGV[1] then return 'busy' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'claimed'`,
)

/** KEYS: key. ARGV: owner, lease in ms. Reply: 1 if the claim is still the owner's. */
const renew: Script = script(
  'idempotency-renew',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
)

/** KEYS: key. ARGV: owner. */
const release: Script = script(
  'idempotency-release',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`,
)

/**
 * Remembers on a Redis server which events were handled, for all processes that use the same prefix. Takes the options
 * of the adapter, has a connection of its own, connects on first use, and is to be closed.
 */
export class RedisIdempotencyStore implements IdempotencyStore {
  readonly #servers: Servers
  readonly #prefix: string
  #connecting: Promise<void> | undefined

  /** @throws ConfigInvalidError for options that cannot work. */
  constructor(options: RedisAdapterOptions = {}) {
    const settings = settingsOf(options)
    const { warn } = settings
    this.#prefix = settings.prefix
    this.#servers = settings.server.cluster === undefined ? new OneServer(settings, warn) : new Cluster(settings, warn)
  }

  async claim(key: string, owner: string, leaseMs: number): Promise<ClaimOutcome> {
    return String(await this.#run(claim, key, owner, leaseMs)) as ClaimOutcome
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    return Number(await this.#run(renew, key, owner, leaseMs)) === 1
  }

  async done(key: string, _owner: string, ttlMs: number): Promise<void> {
    const name = this.#nameOf(key)
    await this.#connected()
    await this.#servers.at(name).command('SET', name, doneMark, 'PX', Math.ceil(ttlMs))
  }

  async release(key: string, owner: string): Promise<void> {
    await this.#run(release, key, owner)
  }

  /** Settles what is under way and frees the connection. Idempotent. */
  async close(): Promise<void> {
    await this.#servers.close()
  }

  async #run(one: Script, key: string, owner: string, ms?: number): Promise<unknown> {
    const name = this.#nameOf(key)
    await this.#connected()
    return this.#servers.at(name).run(one, [name], ms === undefined ? [owner] : [owner, Math.ceil(ms)])
  }

  #connected(): Promise<void> {
    return (this.#connecting ??= this.#servers.connect().catch((error: unknown) => {
      this.#connecting = undefined
      throw error
    }))
  }

  #nameOf(key: string): string {
    return `${this.#prefix}:handled:${key}`
  }
}
