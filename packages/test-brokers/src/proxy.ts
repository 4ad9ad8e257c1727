import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface ProxyTarget {
  readonly host?: string
  readonly port: number
}

/** A TCP proxy in front of a broker, to break the network between it and its clients. */
export interface Proxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Open connections from clients. */
  readonly connections: number
  /** Half-open: sockets stay, new ones are accepted, and not a byte passes in either direction. */
  cut(): void
  /** What was held back while cut passes now, as TCP would have sent it again. */
  restore(): void
  /** Ends every connection with RST; new ones are served. */
  reset(): void
  close(): Promise<void>
}

/** `target` may be a function, read at each connection: for a broker that must know the proxy's port before it starts. */
export async function startProxy(target: ProxyTarget | (() => ProxyTarget)): Promise<Proxy> {
  const links = new Set<Link>()
  let isCut = false

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const { host = '127.0.0.1', port } = typeof target === 'function' ? target() : target
    const link = new Link(client, () => connect({ host, port, allowHalfOpen: true }))
    links.add(link)
    link.onClosed = () => links.delete(link)
    if (!isCut) link.join()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const proxy = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get connections() {
      return links.size
    },
    cut() {
      isCut = true
      for (const link of links) link.part()
    },
    restore() {
      isCut = false
      for (const link of links) link.join()
    },
    reset() {
      for (const link of links) link.reset()
    },
    async close() {
      for (const link of links) link.reset()
      if (server.listening) await once(server.close(), 'close')
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  }
  return proxy
}

/** One client's connection and its counterpart at the broker. */
class Link {
  readonly #client: Socket
  readonly #dial: () => Socket
  #broker: Socket | undefined
  #joined = false
  onClosed: () => void = () => {}

  constructor(client: Socket, dial: () => Socket) {
    this.#client = client
    this.#dial = dial
    this.#watch(client)
  }

  join(): void {
    if (this.#joined) return
    this.#joined = true
    if (this.#client.destroyed || this.#broker?.destroyed) return this.#destroy()
    const broker = (this.#broker ??= this.#watch(this.#dial()))
    this.#client.pipe(broker)
    broker.pipe(this.#client)
  }

  part(): void {
    this.#joined = false
    this.#client.unpipe().pause()
    this.#broker?.unpipe().pause()
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#broker?.resetAndDestroy()
    this.onClosed()
  }

  #watch(socket: Socket): Socket {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    // While cut, one side must not learn that the other is gone.
    socket.on('close', () => this.#joined && this.#destroy())
    return socket
  }

  #destroy(): void {
    this.#client.destroy()
    this.#broker?.destroy()
    this.onClosed()
  }
}
