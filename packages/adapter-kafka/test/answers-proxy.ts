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

type Fate = 'lost' | 'halved'

/** A proxy that interferes with the broker's answers: what was asked for happens, and nobody hears of it. */
export class AnswersProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #next = new Map<number, { readonly fate: Fate; left: number }>()
  #target = 0
  #deaf = false
  /** How many answers met a fate that was asked for. */
  affected = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (client) => this.#join(client))
  }

  static async start(): Promise<AnswersProxy> {
    const server = createServer()
    const proxy = new AnswersProxy(server)
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

  /** The next answer to a request of this kind is lost; the connection lives on. */
  lose(apiKey: number): void {
    this.#next.set(apiKey, { fate: 'lost', left: 1 })
  }

  /** The connection ends in the middle of the next `count` answers to requests of this kind. */
  halve(apiKey: number, count: number): void {
    this.#next.set(apiKey, { fate: 'halved', left: count })
  }

  /** All answers are lost from now on. */
  deafen(): void {
    this.#deaf = true
  }

  /** New connections hear again; those that missed something end. */
  recover(): void {
    this.#deaf = false
    this.#next.clear()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** What has not met its fate yet will not. */
  spare(): void {
    this.#next.clear()
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
      const fate = this.#fateOf(kinds.get(id))
      kinds.delete(id)
      if (fate === undefined) client.write(frame)
      else if (fate === 'halved') client.end(frame.subarray(0, frame.length >> 1))
    })
    client.on('data', requests)
    broker.on('data', answers)
  }

  #fateOf(kind: number | undefined): Fate | undefined {
    if (this.#deaf) return 'lost'
    const next = kind === undefined ? undefined : this.#next.get(kind)
    if (next === undefined || next.left === 0) return undefined
    next.left--
    this.affected++
    return next.fate
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
