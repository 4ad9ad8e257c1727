import { BackendUnavailableError } from '@bus/core/spi'
import { isReply } from './failure.ts'
import type { Link } from './link.ts'

const oldest = [6, 2] as const

/** Refuses a server that is too old, and warns of one that would throw events away. */
export async function checkServer(link: Link, warn: (message: string) => void): Promise<void> {
  let info: string
  try {
    info = String(await link.command('INFO'))
  } catch (error) {
    // Not every user may ask.
    if (isReply(error)) return
    throw error
  }
  const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
  const version = field('redis_version')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (version !== '' && (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))) {
    throw new BackendUnavailableError(
      `Redis at ${link.address} is version ${version}; the bus needs ${oldest.join('.')} or later.`,
    )
  }
  const policy = field('maxmemory_policy')
  if (field('maxmemory') !== '0' && policy !== '' && policy !== 'noeviction') {
    warn(
      `Redis at ${link.address} removes keys when its memory is full (maxmemory-policy ${policy}): events can get lost. Set it to noeviction.`,
    )
  }
}
