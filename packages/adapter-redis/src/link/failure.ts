import { BackendUnavailableError } from '@bus/core/spi'
import type { ServerSettings } from '../settings.ts'

/** What the server itself answered: whatever was asked for was not done. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** The first word of a reply that is an error. */
export function codeOf(error: unknown): string {
  return error instanceof Error ? (error.message.split(' ', 1)[0] ?? '') : ''
}

export function hasCode(error: unknown, code: string): boolean {
  return isReply(error) && codeOf(error) === code
}

/** A replica was asked to write; before Redis 7 the error of a script has the code of what it called further behind. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && /(^|-)READONLY /.test(error.message)
}

/** There was no connection: nothing has left this process. */
export class NotSentError extends BackendUnavailableError {
  constructor(why: BackendUnavailableError) {
    super(why.message, { cause: why.cause })
  }
}

/** No memory is left for what it was to store; of a script before Redis 7 as above. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && /(^|-)OOM /.test(error.message)
}

/** What the server answered, where it does not say what to do, with what to do. */
export function explained(error: unknown): unknown {
  if (!isFull(error)) return error
  return new Error(
    'Redis is full: it uses all the memory that its maxmemory permits. Give it more, or let it keep less: retention.maxAgeMs and ' +
      'retention.maxLength, deleteGroup() for groups that nobody serves. What is stored is consumed meanwhile.',
    { cause: error },
  )
}

/** The connection broke, or was not there: there is no answer, and there will be none. */
export function isLoss(error: unknown): boolean {
  if (error instanceof NotSentError) return true
  return (
    error instanceof Error && (error.name === 'MaxRetriesPerRequestError' || error.message === 'Connection is closed.')
  )
}

/** In words that tell what to do. */
export function unavailable(address: string, error: unknown, server: ServerSettings): BackendUnavailableError {
  return new BackendUnavailableError(`Redis at ${address} ${reasonOf(error, server)}`, { cause: error })
}

/** A server that waits for TLS and a client that does not speak it wait for each other, or part without a word. */
export function tlsHint({ tls }: ServerSettings): string {
  return tls === undefined ? ' If it speaks TLS only, use rediss://, REDIS_TLS=true or the option tls.' : ''
}

function reasonOf(error: unknown, server: ServerSettings): string {
  const message = error instanceof Error ? error.message : String(error)
  switch (codeOf(error)) {
    case 'WRONGPASS':
      return `refused the user name or the password. Check REDIS_PASSWORD and REDIS_USERNAME, or the options password and username.${urlHint(server)}`
    case 'NOAUTH':
      return `asks for a password. Set REDIS_PASSWORD, or the option password.${urlHint(server)}`
    case 'NOPERM':
      return `does not permit this user what the bus needs (${message}). The README of @bus/adapter-redis lists the commands and keys.`
    case 'LOADING':
      return 'is still loading its data. Wait until it has, or raise connectTimeoutMs.'
    case 'READONLY':
      return 'is a read-only replica. Connect to the primary, or use sentinels.'
    case 'MASTERDOWN':
      return 'is a replica whose primary is away.'
  }
  if (/cluster support disabled/.test(message))
    return 'is not a node of a cluster. Leave out REDIS_CLUSTER, or the option cluster.'
  if (/DB index/i.test(message))
    return `has no such database (${message}). Check REDIS_DB, the end of REDIS_URL, or the option db.`
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ECONNREFUSED') return 'refused the connection. Is the server running, and is the address right?'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'cannot be found: the name of the host is unknown. Check REDIS_HOST or REDIS_URL.'
  if (code !== undefined && /CERT|TLS|SSL/.test(code)) return `could not be trusted (${message}). Check the option tls.`
  const closed = message === 'Connection is closed.' || code === 'ECONNRESET'
  return `cannot be reached: ${message}${closed ? tlsHint(server) : ''}`
}

function urlHint({ byUrl }: ServerSettings): string {
  return byUrl
    ? ' Where REDIS_URL is set, REDIS_PASSWORD and REDIS_USERNAME are not read: put both into the address, redis://user:password@host.'
    : ''
}
