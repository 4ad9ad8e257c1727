import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy that can keep the broker's answers to itself: what was asked for happens, and nobody hears of it. */
export class DeafProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: number | undefined
  #deaf = false

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (client) => this.#join(client))
  }

  static async start(): Promise<DeafProxy> {
    const server = createServer()
    const proxy = new DeafProxy(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  target(port: number): void {
    this.#target = port
  }

  /** Answers are dropped from now on. */
  deafen(): void {
    this.#deaf = true
  }

  /** New connections hear again; those that missed something end. */
  recover(): void {
    this.#deaf = false
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #join(client: Socket): void {
    const broker = connect(this.#target ?? 0, '127.0.0.1')
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (bytes) => broker.write(bytes))
    broker.on('data', (bytes) => {
      if (!this.#deaf) client.write(bytes)
    })
  }
}
