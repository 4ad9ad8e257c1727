import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'

const run = promisify(execFile)
const FETCH_MS = 300_000

/**
 * A program of another release of Debian than the one at hand, fetched once per machine: unpacked beside the system, with
 * the libraries and the loader of its own release. Nothing is installed.
 */
export async function debianProgram(release: string, packages: readonly string[], program: string): Promise<string> {
  const directory = await cached(`debian-${release}-${program}`, (path) => unpack(release, packages, path))
  const libraries = join(directory, 'usr/lib', await multiarch())
  const loader = (await readdir(libraries)).find((name) => name.startsWith('ld-linux'))
  const wrapper = join(directory, `run-${program}`)
  const command = [
    join(libraries, loader ?? ''),
    ...['--library-path', libraries],
    join(directory, 'usr/bin', program),
  ].map((word) => `'${word}'`)
  await writeFile(wrapper, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`)
  await chmod(wrapper, 0o755)
  return wrapper
}

async function unpack(release: string, packages: readonly string[], path: string): Promise<void> {
  const own = join(path, 'apt')
  const apt = await aptFor(release, own)
  const archives = join(own, 'archives')
  await mkdir(archives)
  await run('apt-get', [...apt, '-q', 'update'], { timeout: FETCH_MS })
  await run('apt-get', [...apt, '-q', 'download', ...packages], { timeout: FETCH_MS, cwd: archives })
  for (const name of await readdir(archives)) await run('dpkg-deb', ['-x', join(archives, name), path])
  await rm(own, { recursive: true })
}

/** `apt-get` with lists of its own, from where this system's packages come; signatures are checked as always. */
async function aptFor(release: string, own: string): Promise<readonly string[]> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts'])
    await mkdir(join(own, name), { recursive: true })
  await writeFile(join(own, 'sources.list'), `deb ${await debianSite()} ${release} main\n`)
  const options = {
    'Dir::Etc::SourceList': join(own, 'sources.list'),
    'Dir::Etc::SourceParts': join(own, 'parts'),
    'Dir::State::Lists': join(own, 'lists'),
    'Dir::Cache': join(own, 'cache'),
    // It may not look into the home of another.
    'APT::Sandbox::User': 'root',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** From where this system's own packages come; its lists of them may not have been fetched yet. */
async function debianSite(): Promise<string> {
  for (const name of ['sources.list.d/debian.sources', 'sources.list']) {
    const sources = await readFile(join('/etc/apt', name), 'utf8').catch(() => '')
    const [site] = /^[^#\n]*?\bhttps?:\/\/\S+\/debian\/?(?=\s)/m.exec(sources) ?? []
    if (site !== undefined) return site.slice(site.indexOf('http'))
  }
  throw new Error('This system has no Debian mirror to fetch the packages from.')
}

async function multiarch(): Promise<string> {
  const { stdout } = await run('dpkg-architecture', ['-qDEB_HOST_MULTIARCH']).catch(() =>
    run('sh', ['-c', 'ls /usr/lib | grep -m1 -- -linux-gnu']),
  )
  return stdout.trim()
}
