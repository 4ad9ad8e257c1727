/** `claimed`: it is yours until the lease ends. `busy`: somebody else is at it. `done`: it has been handled. */
export type ClaimOutcome = 'claimed' | 'busy' | 'done'

/**
 * Remembers which events have been handled, and which are being handled at the moment. Each call is atomic. An `owner` is
 * a text that no other claim has.
 */
export interface IdempotencyStore {
  /** Takes `key` for `leaseMs`, unless it is done or somebody else has it. */
  claim(key: string, owner: string, leaseMs: number): Promise<ClaimOutcome>
  /** The lease begins anew. `false`: the claim is not the owner's any more. */
  renew(key: string, owner: string, leaseMs: number): Promise<boolean>
  /** Handled: `claim` says so for `ttlMs`. Also if the claim was lost meanwhile, since the work is done. */
  done(key: string, owner: string, ttlMs: number): Promise<void>
  /** Not handled: the next claim gets it. Does nothing to what is not the owner's. */
  release(key: string, owner: string): Promise<void>
}
