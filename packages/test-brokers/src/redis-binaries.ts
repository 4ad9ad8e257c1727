import { execFile } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'
import { debianProgram } from './debian.ts'

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

// What the servers of Debian are linked with; `libc6` brings the loader.
const libraries = [
  ...['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1', 'libjemalloc2', 'liblzf1', 'libssl3t64', 'libzstd1', 'zlib1g'],
  ...['libsystemd0', 'libcap2'],
]

/** Redis 8.0, fetched once per machine from the packages of Debian 13; {@link redis62} is the other end. */
export function redis8(): Promise<string> {
  return debianProgram('trixie', ['redis-server', 'redis-tools', ...libraries], 'redis-server')
}

/** Valkey 8.1, fetched once per machine from the packages of Debian 13. */
export function valkey8(): Promise<string> {
  return debianProgram('trixie', ['valkey-server', 'valkey-tools', ...libraries], 'valkey-server')
}
