import { ConfigInvalidError } from '../errors.ts'
import type { BaseEvent } from '../events.ts'
import type { Handler, HandlerContext } from './context.ts'

/** Runs around every start of every handler. Calls `next` once, or throws; what it throws counts as the handler's. */
export type Middleware = (event: BaseEvent, context: HandlerContext, next: () => Promise<void>) => void | Promise<void>

/** From the outermost to the innermost. Dead letters, retries and `timeoutMs` are the bus's own, and outside of them all. */
const places = [
  'recover',
  'trace',
  'metrics',
  'timeout',
  'circuitBreaker',
  'idempotency',
  'validation',
  'handler',
] as const

export type MiddlewarePlace = (typeof places)[number]

/** A middleware that says what it is for, and so where it belongs, whenever it is added. */
export interface PlacedMiddleware {
  readonly place: MiddlewarePlace
  readonly handle: Middleware
  /** Asked at every start: while it returns false, it is as if the middleware were not there. Must not throw. */
  readonly when?: (() => boolean) | undefined
}

/** A plain function belongs next to the handler. @throws ConfigInvalidError */
export function placed(middleware: Middleware | PlacedMiddleware): PlacedMiddleware {
  if (typeof middleware === 'function') return { place: 'handler', handle: middleware }
  const { place, handle, when } = (middleware ?? {}) as Partial<PlacedMiddleware>
  if (typeof handle !== 'function')
    throw new ConfigInvalidError([{ name: 'handle', problem: 'a middleware is a function' }])
  if (place === undefined || !places.includes(place)) {
    const problem = `${JSON.stringify(place)} is not one of ${places.join(', ')}`
    throw new ConfigInvalidError([{ name: 'place', problem }])
  }
  return { place, handle, when }
}

/** By place; within a place the first one added is the outermost. Without any, the handler is called as it is. */
export function compose(middleware: readonly PlacedMiddleware[], handler: Handler<BaseEvent>): Handler<BaseEvent> {
  const ordered = middleware.toSorted((one, other) => places.indexOf(one.place) - places.indexOf(other.place))
  return ordered.reduceRight<Handler<BaseEvent>>(
    (next, { handle, when }) =>
      (event, context) =>
        when?.() === false ? next(event, context) : handle(event, context, async () => next(event, context)),
    handler,
  )
}

/** `handler` inside whatever middleware there is when it is called, and inside its `own`. */
export function composed(
  current: () => readonly PlacedMiddleware[],
  handler: Handler<BaseEvent>,
  own: readonly PlacedMiddleware[] = [],
): Handler<BaseEvent> {
  let middleware = current()
  let run = compose([...middleware, ...own], handler)
  return (event, context) => {
    if (middleware !== current()) {
      middleware = current()
      run = compose([...middleware, ...own], handler)
    }
    return run(event, context)
  }
}
