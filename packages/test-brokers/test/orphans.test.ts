import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname } from 'node:path'
import { test } from 'vitest'

const script = `
  import { startRedis } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
  const redis = await startRedis({ how: 'process' })
  console.log(JSON.stringify({ port: redis.port, directory: redis.directory }))
  setInterval(() => {}, 1000)
`

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('after %s no broker and no directory is left', async (signal) => {
  const run = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(run.stdout, 'data')) as [Buffer]
  const { port, directory } = JSON.parse(line.toString()) as { port: number; directory: string }
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  const ended = once(socket, 'close')

  const removed = Promise.withResolvers<void>()
  const watcher = watch(dirname(directory), (event, name) => {
    if (event === 'rename' && name === basename(directory)) removed.resolve()
  })
  run.kill(signal)
  await Promise.all([ended, removed.promise])
  watcher.close()
})
