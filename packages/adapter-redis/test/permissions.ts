import { readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'

export const user = { username: 'service', password: 'service-password' } as const

/** What the README says is enough, for a prefix: keys and commands as `ACL SETUSER` takes them. */
export async function minimalPermissions(prefix: string): Promise<string[]> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const section = readme.slice(readme.indexOf('## Permissions'))
  const keys = /Keys `([^`]+)`/.exec(section)?.[1]?.replaceAll('bus:', `${prefix}:`)
  const commands = /```\n([^`]+)```/.exec(section)?.[1]
  if (keys === undefined || commands === undefined) throw new Error('The README does not say what is permitted.')
  return `resetkeys resetchannels -@all ${keys} ${commands}`.trim().split(/\s+/)
}

/** Makes the user on each server. */
export async function allow(servers: Iterable<{ readonly url: string }>, rules: readonly string[]): Promise<void> {
  for (const { url } of servers) {
    const redis = new Redis(url)
    await redis.call('ACL', 'SETUSER', user.username, 'reset', 'on', `>${user.password}`, ...rules)
    redis.disconnect()
  }
}
