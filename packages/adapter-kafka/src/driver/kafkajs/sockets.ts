import net from 'node:net'
import tls from 'node:tls'
import type { ISocketFactoryArgs } from 'kafkajs'

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

// kafkajs types it as always given.
function isTls(ssl: tls.ConnectionOptions | undefined): ssl is tls.ConnectionOptions {
  return ssl !== undefined && ssl !== null && (ssl as unknown) !== false
}
