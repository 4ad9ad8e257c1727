import net from 'node:net'
import tls from 'node:tls'
import type { ISocketFactoryArgs } from 'kafkajs'
import { wholeFrames } from './frames.ts'

/**
 * The sockets of one link. kafkajs waits for what is under way before it closes a connection, and opens it again for
 * whatever comes later; here closing is at once and for good.
 */
export class Sockets {
  readonly #open = new Set<net.Socket>()
  #closed = false

  readonly create = ({ host, port, ssl, onConnect }: ISocketFactoryArgs): net.Socket => {
    if (this.#closed) throw new Error('The link is closed.')
    let settled = false
    const connected = (): void => {
      settled = true
      onConnect()
    }
    const socket = isTls(ssl)
      ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, connected)
      : net.connect({ host, port }, connected)
    socket.setKeepAlive(true, 30_000)
    socket.setNoDelay(true)
    giveWholeFrames(socket)
    this.#open.add(socket)
    socket.once('error', () => {
      settled = true
    })
    socket.once('close', () => {
      this.#open.delete(socket)
      // kafkajs 2.2.4 waits for ever for a connection that ends before it is made.
      if (!settled) socket.emit('error', new Error('closed before it was connected'))
    })
    return socket
  }

  close(): void {
    this.#closed = true
    this.reset()
  }

  reset(): void {
    for (const socket of this.#open) socket.destroy(new Error('given up'))
  }
}

/**
 * kafkajs 2.2.4 puts what a connection left over before the first bytes of the next, and the bytes of one that is still
 * closing between those of the new one: it then reads lengths that are none, and throws where nobody can catch it.
 */
function giveWholeFrames(socket: net.Socket): void {
  const on = socket.on.bind(socket) as (event: string, listener: (...args: never[]) => void) => net.Socket
  const broken = (): void => void socket.destroy(new Error('What answers there does not speak the protocol of Kafka.'))
  socket.on = (event: string, listener: (...args: never[]) => void) =>
    on(event, event === 'data' ? wholeFrames(listener as (frame: Buffer) => void, broken) : listener)
}

// kafkajs types it as always given.
function isTls(ssl: tls.ConnectionOptions | undefined): ssl is tls.ConnectionOptions {
  return ssl !== undefined && ssl !== null && (ssl as unknown) !== false
}
