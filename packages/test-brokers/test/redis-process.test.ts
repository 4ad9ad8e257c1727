import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startRedis } from '../src/index.ts'

/** One command over a socket of its own, as `redis-cli` would send it. */
async function command(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${line}\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString().trim()
}

test('an address in the environment is used and left alone', async () => {
  const redis = await startRedis()
  expect(redis.how).toBe('address')
  await redis.stop()
  expect(await command(redis.port, 'PING')).toBe('+PONG')
})

test('a private process answers, and is gone with its directory after stop', async () => {
  const redis = await startRedis({ how: 'process' })
  const pid = redis.pid as number
  expect(await command(redis.port, 'PING')).toBe('+PONG')
  await redis.stop()
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(existsSync(redis.directory)).toBe(false)
})

test('with an append-only file data survives restart and kill, on the same port', async () => {
  await using redis = await startRedis({
    how: 'process',
    args: ['--appendonly', 'yes', '--appendfsync', 'always'],
  })
  const { port } = redis
  await command(port, 'SET a 1')
  await redis.restart()
  expect(redis.port).toBe(port)
  expect(await command(port, 'GET a')).toBe('$1\r\n1')
  await command(port, 'SET a 2')
  await redis.kill()
  await expect(command(port, 'PING')).rejects.toThrow('ECONNREFUSED')
  await redis.restart()
  expect(await command(port, 'GET a')).toBe('$1\r\n2')
})

test('a paused process answers after resume', async () => {
  await using redis = await startRedis({ how: 'process' })
  redis.pause()
  const socket = connect(redis.port, '127.0.0.1')
  const answer = once(socket, 'data')
  socket.write('PING\r\n')
  await once(socket, 'connect')
  expect(socket.bytesRead).toBe(0)
  redis.resume()
  await answer
  expect(socket.bytesRead).toBe(7)
  socket.destroy()
})
