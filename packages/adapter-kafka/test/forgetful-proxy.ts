import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** https://kafka.apache.org/protocol.html#protocol_api_keys */
export const apiKeys = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  apiVersions: 18,
} as const

/** A proxy that can lose single answers of the broker: the request was carried out, and nobody hears of it. */
export class ForgetfulProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target = 0
  readonly #forget = new Map<number, number>()
  /** How many answers were lost. */
  forgotten = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (client) => this.#join(client))
  }

  static async start(): Promise<ForgetfulProxy> {
    const server = createServer()
    const proxy = new ForgetfulProxy(server)
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

  /** The next `count` answers to requests of this kind. */
  forget(apiKey: number, count: number = 1): void {
    this.#forget.set(apiKey, count)
  }

  /** What was not lost yet will not be. */
  remember(): void {
    this.#forget.clear()
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #join(client: Socket): void {
    const broker = connect(this.#target, '127.0.0.1')
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
    /** By correlation id. */
    const kinds = new Map<number, number>()
    const requests = frames((frame) => {
      kinds.set(frame.readInt32BE(8), frame.readInt16BE(4))
      broker.write(frame)
    })
    const answers = frames((frame) => {
      const id = frame.readInt32BE(4)
      const kind = kinds.get(id)
      kinds.delete(id)
      const left = kind === undefined ? 0 : (this.#forget.get(kind) ?? 0)
      if (kind !== undefined && left > 0) {
        this.#forget.set(kind, left - 1)
        this.forgotten++
      } else client.write(frame)
    })
    client.on('data', requests)
    broker.on('data', answers)
  }
}

/** Calls `each` with every whole frame, its length included. */
function frames(each: (frame: Buffer) => unknown): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const length = 4 + rest.readInt32BE(0)
      each(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
  }
}
