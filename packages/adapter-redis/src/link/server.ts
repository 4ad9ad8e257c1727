import { BackendUnavailableError } from '@bus/core/spi'
import { isReply } from './failure.ts'
import type { Link } from './link.ts'

/** One field of what a server says of itself; empty if it does not. */
type Info = (name: string) => string

const oldest = [6, 2] as const

export async function infoOf(link: Link): Promise<Info> {
  let text = ''
  try {
    text = String(await link.command('INFO'))
  } catch (error) {
    // Not every user may ask.
    if (!isReply(error)) throw error
  }
  return (name) => new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
}

/** Refuses a server that is too old or one of a cluster, and warns of one that would throw events away. */
export async function checkServer(link: Link, isCluster: boolean, warn: (message: string) => void): Promise<void> {
  const info = await infoOf(link)
  const version = info('redis_version')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (version !== '' && (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) {
    throw new BackendUnavailableError(
      `Redis at ${link.address} is version ${version}; the bus needs ${oldest.join('.')} or later.`,
    )
  }
  if (!isCluster && info('redis_mode') === 'cluster') {
    throw new BackendUnavailableError(
      `Redis at ${link.address} is a node of a cluster. Set REDIS_CLUSTER=true, or the option cluster.`,
    )
  }
  const problem = policyWarning(link, info)
  if (problem !== undefined) warn(problem)
}

export function policyWarning({ address }: Link, info: Info): string | undefined {
  const policy = info('maxmemory_policy')
  if (info('maxmemory') === '0' || policy === '' || policy === 'noeviction') return undefined
  return `Redis at ${address} removes keys when its memory is full (maxmemory-policy ${policy}): events can get lost. Set it to noeviction.`
}
