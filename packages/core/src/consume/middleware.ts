import type { BaseEvent } from '../events.ts'
import type { Handler, HandlerContext } from './context.ts'

/** Runs around every start of every handler. Calls `next` once, or throws; what it throws counts as the handler's. */
export type Middleware = (event: BaseEvent, context: HandlerContext, next: () => Promise<void>) => void | Promise<void>

/** The first one added is the outermost. Without any, the handler is called as it is. */
export function compose(middleware: readonly Middleware[], handler: Handler<BaseEvent>): Handler<BaseEvent> {
  return middleware.reduceRight<Handler<BaseEvent>>(
    (next, around) => (event, context) => around(event, context, async () => next(event, context)),
    handler,
  )
}

/** `handler` inside whatever middleware there is when it is called. */
export function composed(current: () => readonly Middleware[], handler: Handler<BaseEvent>): Handler<BaseEvent> {
  let middleware = current()
  let run = compose(middleware, handler)
  return (event, context) => {
    if (middleware !== current()) {
      middleware = current()
      run = compose(middleware, handler)
    }
    return run(event, context)
  }
}
