import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from './exec.ts'

// The oldest one is the floor that `engines` promises.
const versions = ['20.19', '22', '24', '26']

/** Node binaries from the npm package `node`, oldest first. */
export async function installRuntimes(directory: string): Promise<string[]> {
  return Promise.all(
    versions.map(async (version) => {
      const cwd = join(directory, `node-${version}`)
      await mkdir(cwd, { recursive: true })
      await writeFile(join(cwd, 'package.json'), '{ "private": true }')
      await exec('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`], { cwd })
      return join(cwd, 'node_modules', 'node', 'bin', 'node')
    }),
  )
}
