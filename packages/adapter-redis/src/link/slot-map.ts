import type { ServerAddress } from '../settings.ts'
import { slotCount } from './slot.ts'

/** `CLUSTER SLOTS`: from, to, the node that serves them, its replicas. */
type Reply = readonly (readonly [from: number, to: number, master: readonly [Buffer | null, number, ...unknown[]]])[]

/** Which node serves which slot, as far as is known. Nodes are known by `host:port`. */
export class SlotMap {
  #owners: (string | undefined)[] = Array.from<string | undefined>({ length: slotCount })

  ownerOf(slot: number): string | undefined {
    return this.#owners[slot]
  }

  get owners(): Set<string> {
    const owners = new Set(this.#owners)
    owners.delete(undefined)
    return owners as Set<string>
  }

  get complete(): boolean {
    return !this.#owners.includes(undefined)
  }

  move(slot: number, owner: string): void {
    this.#owners[slot] = owner
  }

  /** `askedHost`: the one who answered, which need not know its own name. */
  learn(reply: unknown, askedHost: string): void {
    const owners = Array.from<string | undefined>({ length: slotCount })
    for (const [from, to, [host, port]] of reply as Reply) {
      const name = host === null || host.length === 0 || host.toString() === '?' ? askedHost : host.toString()
      owners.fill(nameOf({ host: name, port }), from, to + 1)
    }
    this.#owners = owners
  }
}

export function nameOf({ host, port }: ServerAddress): string {
  return `${host}:${port}`
}

/** Addresses of IPv6 have colons of their own. */
export function addressOfName(name: string): ServerAddress {
  const colon = name.lastIndexOf(':')
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) }
}
