import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'

const run = promisify(execFile)
const FETCH_MS = 300_000
const artifact = 'com.github.codemonstur:embedded-redis:1.4.3'

// The executables in that artifact, each a release of the 6.2 line.
const programs: Readonly<Record<string, string>> = {
  'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux-arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
}

/** The `redis-server` of the oldest line that the bus supports, fetched once per machine by Maven. */
export async function redis62(): Promise<string> {
  const machine = `${process.platform}-${process.arch}`
  const program = programs[machine]
  if (program === undefined) throw new Error(`There is no Redis 6.2 for ${machine} in ${artifact}.`)
  const directory = await cached('redis-6.2', async (path) => {
    await run(
      'mvn',
      [
        '-q',
        '-B',
        'dependency:unpack',
        `-Dartifact=${artifact}`,
        '-Dmdep.includes=**/redis-server-*',
        `-DoutputDirectory=${path}`,
      ],
      { timeout: FETCH_MS, cwd: path },
    )
    await chmod(join(path, program), 0o755)
  })
  return join(directory, program)
}
