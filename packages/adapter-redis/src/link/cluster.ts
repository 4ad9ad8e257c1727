import { BackendUnavailableError } from '@bus/core/spi'
import { addressOf, type ServerAddress, type Settings } from '../settings.ts'
import { Connection, silenceMs, type ConnectionOptions } from './connection.ts'
import { isReply, unavailable } from './failure.ts'
import type { Link } from './link.ts'
import type { Servers } from './servers.ts'
import { SlotLink } from './slot-link.ts'
import { addressOfName, nameOf, SlotMap } from './slot-map.ts'
import { slotOf } from './slot.ts'
import { SlotWaiter, type WaiterHost } from './slot-waiter.ts'
import { Waker } from './waker.ts'

// When something is amiss it is looked up soon which node serves what, and again as long as it is.
const soonMs = 50
const againMs = 500
// A node without slots may be about to get some.
const forgetMs = 30_000

/**
 * The masters of a Redis Cluster: one connection to each, and for each slot the way to the one that serves it. Which
 * one that is, is asked again whenever a node is lost or sends somebody elsewhere.
 */
export class Cluster implements Servers, WaiterHost {
  readonly address: string
  readonly patienceMs: number
  readonly #settings: Settings
  readonly #warn: (message: string) => void
  readonly #seeds: readonly ServerAddress[]
  readonly #map = new SlotMap()
  readonly #nodes = new Map<string, Connection>()
  /** Nodes that serve nothing, as far as is known, and since when. */
  readonly #idle = new Map<string, number>()
  readonly #links = new Map<number, SlotLink>()
  readonly #waiters = new Map<number, { readonly link: SlotWaiter; readonly waker: Waker }>()
  #timer: NodeJS.Timeout | undefined
  #lookAt = 0
  #looking: Promise<void> | undefined
  #closed = false
  #failure: BackendUnavailableError | undefined

  constructor(settings: Settings, warn: (message: string) => void) {
    this.#warn = warn
    this.#settings = settings
    this.#seeds = settings.server.cluster ?? []
    this.patienceMs = settings.connectTimeoutMs
    this.address = addressOf(settings.server)
  }

  get closed(): boolean {
    return this.#closed
  }

  get ready(): boolean {
    return this.#map.complete && [...this.#map.owners].every((name) => this.#nodes.get(name)?.ready === true)
  }

  async connect(signal?: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(this.patienceMs)
    const ends = signal === undefined ? limit : AbortSignal.any([signal, limit])
    try {
      await this.#askSeeds(ends)
      for (const node of this.#nodes.values()) {
        await node.whenReady(ends).catch((error: unknown) => {
          throw signal?.aborted ? error : node.failure()
        })
      }
      if (!this.#map.complete) throw this.#failureBy(new Error('some of its slots are served by no node'))
    } catch (error) {
      this.#forgetNodes()
      if (signal?.aborted) throw signal.reason
      throw error instanceof BackendUnavailableError ? error : this.#failureBy(error)
    }
  }

  at(key: string): Link {
    return this.#linkTo(slotOf(key))
  }

  waker(key: string): Waker {
    const slot = slotOf(key)
    let found = this.#waiters.get(slot)
    if (found === undefined) {
      const link = new SlotWaiter(slot, this)
      found = { link, waker: new Waker(link, this.#linkTo(slot)) }
      this.#waiters.set(slot, found)
    }
    return found.waker
  }

  nodes(): readonly Link[] {
    return [...this.#nodes.values()]
  }

  nodeOf(slot: number): Connection | undefined {
    const name = this.#map.ownerOf(slot)
    return name === undefined ? undefined : this.#nodes.get(name)
  }

  node(name: string): Connection {
    this.#idle.delete(name)
    let node = this.#nodes.get(name)
    if (node === undefined) {
      node = this.#connectionTo(addressOfName(name), { silenceMs, warn: this.#warn })
      node.onReady(() => this.#connected(name))
      this.#nodes.set(name, node)
      node.start()
    }
    return node
  }

  open(slot: number): Connection | undefined {
    const name = this.#map.ownerOf(slot)
    return name === undefined ? undefined : this.#connectionTo(addressOfName(name), { silenceMs: 2 * silenceMs })
  }

  moved(slot: number, name: string): void {
    // A node that does not know its own name leaves it out.
    if (!name.startsWith(':')) {
      this.#map.move(slot, name)
      this.node(name)
      this.#waiters.get(slot)?.link.follow()
    }
    this.doubt()
  }

  doubt(): void {
    this.#lookIn(soonMs)
  }

  failure(): BackendUnavailableError {
    for (const name of this.#map.owners) {
      const node = this.#nodes.get(name)
      if (node !== undefined && !node.ready) return node.failure()
    }
    return this.#failure ?? this.#failureBy(new Error('some of its slots are served by no node'))
  }

  unserved(slot: number): BackendUnavailableError {
    return this.#failureBy(new Error(`slot ${slot} is served by no node at the moment`))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await Promise.all([...this.#waiters.values()].map(({ waker }) => waker.close()))
    this.#forgetNodes()
    await this.#looking
  }

  #failureBy(error: unknown): BackendUnavailableError {
    return unavailable(this.address, error, this.#settings.server)
  }

  #linkTo(slot: number): SlotLink {
    let link = this.#links.get(slot)
    if (link === undefined) {
      link = new SlotLink(slot, this)
      this.#links.set(slot, link)
    }
    return link
  }

  #connectionTo(
    address: ServerAddress,
    options: ConnectionOptions,
    connectTimeoutMs: number = this.patienceMs,
  ): Connection {
    const seen = this.#settings.server.natMap[nameOf(address)] ?? address
    const server = { ...this.#settings.server, ...seen, cluster: undefined }
    return new Connection({ ...this.#settings, server, connectTimeoutMs }, options)
  }

  #connected(name: string): void {
    for (const link of this.#links.values()) if (this.#map.ownerOf(link.slot) === name) link.connected()
  }

  #lookIn(ms: number): void {
    const at = performance.now() + ms
    if (this.#closed || (this.#timer !== undefined && this.#lookAt <= at)) return
    clearTimeout(this.#timer)
    this.#lookAt = at
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#looking = (this.#looking ?? Promise.resolve()).then(() => this.#look())
    }, ms)
  }

  async #look(): Promise<void> {
    if (this.#closed) return
    try {
      if (!(await this.#askNodes())) await this.#askSeeds(AbortSignal.timeout(this.patienceMs))
    } catch (error) {
      this.#failure = error instanceof BackendUnavailableError ? error : this.#failureBy(error)
    }
    if (!this.ready) this.#lookIn(againMs)
    else if (this.#idle.size > 0) this.#lookIn(forgetMs)
  }

  async #askNodes(): Promise<boolean> {
    for (const [name, node] of shuffled(this.#nodes)) {
      if (!node.ready) continue
      try {
        this.#learn(await node.command('CLUSTER', 'SLOTS'), addressOfName(name).host)
        return true
      } catch {
        // Another one may know.
      }
    }
    return false
  }

  /** The nodes that are known may all be gone: those that were named at first may have come back elsewhere. */
  async #askSeeds(signal: AbortSignal): Promise<void> {
    let failure: unknown
    const connectTimeoutMs = Math.ceil(this.patienceMs / this.#seeds.length)
    for (const seed of this.#seeds) {
      const connection = this.#connectionTo(seed, { silenceMs }, connectTimeoutMs)
      try {
        await connection.connect(signal)
        this.#learn(await connection.command('CLUSTER', 'SLOTS'), seed.host)
        return
      } catch (error) {
        failure = isReply(error) ? connection.failureBy(error) : error
        signal.throwIfAborted()
      } finally {
        connection.close()
      }
    }
    throw failure
  }

  #learn(reply: unknown, askedHost: string): void {
    if (this.#closed) return
    const before = new Map([...this.#links.keys()].map((slot) => [slot, this.#map.ownerOf(slot)]))
    this.#map.learn(reply, askedHost)
    for (const name of this.#map.owners) this.node(name)
    this.#forgetIdle()
    for (const [slot, link] of this.#links) if (before.get(slot) !== this.#map.ownerOf(slot)) link.connected()
    for (const { link } of this.#waiters.values()) link.follow()
  }

  #forgetIdle(): void {
    const { owners } = this.#map
    const now = performance.now()
    for (const [name, node] of this.#nodes) {
      if (owners.has(name)) continue
      const since = this.#idle.get(name) ?? now
      this.#idle.set(name, since)
      if (now - since < forgetMs) continue
      this.#idle.delete(name)
      this.#nodes.delete(name)
      node.close()
    }
  }

  #forgetNodes(): void {
    for (const node of this.#nodes.values()) node.close()
    this.#nodes.clear()
  }
}

function shuffled<T>(items: Iterable<T>): T[] {
  return [...items]
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
