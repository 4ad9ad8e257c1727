import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Proxy, startProxy } from '../src/index.ts'

let echo: Server
let proxy: Proxy
const open: Socket[] = []

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await startProxy(() => ({ port: (echo.address() as AddressInfo).port }))
})

afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  await proxy.close()
  await once(echo.close(), 'close')
})

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, proxy.host)
  open.push(socket)
  await once(socket, 'connect')
  return socket
}

async function roundTrip(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data')
  socket.write(text)
  return String((await answer)[0])
}

test('bytes pass both ways', async () => {
  const socket = await client()
  expect(await roundTrip(socket, 'hello')).toBe('hello')
  expect(proxy.connections).toBe(1)
})

test('while cut nothing passes and nobody is told; restore delivers what was sent', async () => {
  const socket = await client()
  await roundTrip(socket, 'before')
  let answered = false
  socket.once('data', () => (answered = true))

  proxy.cut()
  socket.write('held')
  const late = await client()
  // A connection past the proxy proves that the held bytes had their chance.
  const direct = connect((echo.address() as AddressInfo).port, '127.0.0.1')
  open.push(direct)
  await roundTrip(direct, 'direct')
  expect(answered).toBe(false)
  expect(socket.destroyed).toBe(false)

  const answer = once(socket, 'data')
  proxy.restore()
  expect(String((await answer)[0])).toBe('held')
  expect(await roundTrip(late, 'late')).toBe('late')
})

test('reset ends connections with an error, and new ones work', async () => {
  const socket = await client()
  await roundTrip(socket, 'before')
  const failed = once(socket, 'error')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.once('error', () => {})
  proxy.reset()
  expect(await failed.catch((error: unknown) => [error])).toMatchObject([{ code: 'ECONNRESET' }])
  await closed
  expect(await roundTrip(await client(), 'again')).toBe('again')
})

test('the end of a client reaches the broker and leaves no connection behind', async () => {
  const socket = await client()
  await roundTrip(socket, 'before')
  socket.end()
  await once(socket, 'close')
  expect(proxy.connections).toBe(0)
})
