import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname } from 'node:path'
import { expect, test } from 'vitest'

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
  await once(connect(port, '127.0.0.1'), 'connect')

  // The directory goes last, so its end is the end of the cleaning.
  const removed = Promise.withResolvers<void>()
  const watcher = watch(dirname(directory), (event, name) => {
    if (event === 'rename' && name === basename(directory)) removed.resolve()
  })
  run.kill(signal)
  await removed.promise
  watcher.close()
  await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
})
