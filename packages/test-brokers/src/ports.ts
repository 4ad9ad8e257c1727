import { once } from 'node:events'
import { createServer } from 'node:net'
import { PortTakenError } from './server-process.ts'

// Below the ephemeral range: a client that reconnects to a stopped server's port can otherwise connect to itself.
const FIRST = 20_000
const LAST = 32_000
const ATTEMPTS = 5

/** Ports nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, ReturnType<typeof createServer>>()
  while (servers.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    const server = createServer()
    server.listen({ port, host: '127.0.0.1', exclusive: true })
    try {
      await once(server, 'listening')
      servers.set(port, server)
    } catch {
      // Taken: try another one.
    }
  }
  await Promise.all([...servers.values()].map(async (server) => void (await once(server.close(), 'close'))))
  return [...servers.keys()]
}

/** Tries again on other ports when somebody took one between the look and the start. */
export async function onFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(count)
    try {
      return await start(ports)
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === ATTEMPTS) throw error
    }
  }
}
