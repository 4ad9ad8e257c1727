import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConfigInvalidError } from '../errors.ts'
import type { Health } from '../health.ts'
import type { Stats } from '../stats.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import { numberProblem } from '../util/number-problem.ts'
import { contentType, exposition } from './exposition.ts'
import { metricsOf } from './metrics.ts'
import { SharedAnswer } from './shared-answer.ts'

/** What the handler asks of an `EventBus`. */
export interface ObservedBus {
  getHealth(): Promise<Health>
  getStats(): Promise<Stats>
}

export interface HttpHandlerOptions {
  /** For how long an answer of the bus is given again, in milliseconds; default 1,000. 0: only while it is under way. */
  readonly cacheMs?: number | undefined
  /** For tests; default: the system's. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

/** For `http.createServer()`, Connect and Express. `next` is called for other paths; without it they are answered with 404. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const json = 'application/json; charset=utf-8'
const defaultCacheMs = 1_000

/**
 * Answers GET and HEAD of
 * - `/health`: 200 while `getHealth()` says `live`, otherwise 503, with all of it as JSON;
 * - `/ready`: the same by `ready`;
 * - `/metrics`: `getStats()` in the text format of Prometheus.
 *
 * However many ask, the bus is asked once in `cacheMs`. Never throws; what it answers is for operators, not for the public.
 * @throws ConfigInvalidError
 */
export function createHttpHandler(
  bus: ObservedBus,
  { cacheMs = defaultCacheMs, clock = systemClock }: HttpHandlerOptions = {},
): HttpHandler {
  const problem = numberProblem(cacheMs, 0)
  if (problem !== undefined) throw new ConfigInvalidError([{ name: 'cacheMs', problem }])
  const health = new SharedAnswer(() => bus.getHealth(), clock, cacheMs)
  const metrics = new SharedAnswer(async () => exposition(metricsOf(await bus.getStats())), clock, cacheMs)
  const told = async (name: 'live' | 'ready'): Promise<Answer> => {
    const answer = await health.get()
    return { status: answer[name] ? 200 : 503, type: json, body: `${JSON.stringify(answer)}\n` }
  }
  const routes = new Map<string, () => Promise<Answer>>([
    ['/health', () => told('live')],
    ['/ready', () => told('ready')],
    ['/metrics', async () => ({ status: 200, type: contentType, body: await metrics.get() })],
  ])
  return (request, response, next) => {
    const answer = routes.get(pathOf(request))
    const { method } = request
    if (answer === undefined) {
      if (next !== undefined) return next()
      return send(response, method, problemAnswer(404, 'There is nothing here.'))
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return send(response, method, problemAnswer(405, 'Only GET and HEAD are answered here.'))
    }
    answer().then(
      (found) => send(response, method, found),
      (error: unknown) => send(response, method, problemAnswer(503, `The bus could not be asked: ${String(error)}`)),
    )
  }
}

/** Without the query, and without a slash at the end. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split('?', 1)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function problemAnswer(status: number, error: string): Answer {
  return { status, type: json, body: `${JSON.stringify({ error })}\n` }
}

function send(response: ServerResponse, method: string | undefined, { status, type, body }: Answer): void {
  // Whoever asked may have gone, or something before this handler may have answered.
  if (response.headersSent || response.destroyed) return
  response.statusCode = status
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.setHeader('Cache-Control', 'no-store')
  response.end(method === 'HEAD' ? undefined : body)
}
