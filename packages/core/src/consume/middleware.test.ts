import { describe, expect, it } from 'vitest'
import type { BaseEvent } from '../events.ts'
import type { HandlerContext } from './context.ts'
import { compose, type Middleware, type MiddlewarePlace, placed, type PlacedMiddleware } from './middleware.ts'

const event: BaseEvent = { type: 't', payload: 1, metadata: { eventId: '1', timestamp: '', source: 's' } }
const context = {} as HandlerContext

describe('compose', () => {
  it('calls the handler itself where there is no middleware', () => {
    const handler = (): void => {}
    expect(compose([], handler)).toBe(handler)
  })

  it('puts the first one outermost, and hands event and context through', async () => {
    const steps: unknown[] = []
    const around =
      (name: string): Middleware =>
      async (_event, _context, next) => {
        steps.push(`${name} in`)
        await next()
        steps.push(`${name} out`)
      }
    await compose([around('a'), around('b')].map(placed), (...given) => void steps.push(given))(event, context)
    expect(steps).toEqual(['a in', 'b in', [event, context], 'b out', 'a out'])
  })

  it('lets a middleware see, and keep, what the handler throws', async () => {
    const seen: unknown[] = []
    const keep: Middleware = (_event, _context, next) => next().catch((error: unknown) => void seen.push(error))
    const boom = new Error('boom')
    await compose([placed(keep)], () => {
      throw boom
    })(event, context)
    expect(seen).toEqual([boom])
  })

  it('lets a middleware leave the handler out', async () => {
    let handled = 0
    await compose([placed(async () => {})], () => void handled++)(event, context)
    expect(handled).toBe(0)
  })

  it('puts each where it belongs, whatever the order in which they were added', async () => {
    const steps: string[] = []
    const at = (place: MiddlewarePlace, name: string = place): PlacedMiddleware => ({
      place,
      handle: (_event, _context, next) => {
        steps.push(name)
        return next()
      },
    })
    const added = [
      placed((_event, _context, next) => (steps.push('plain'), next())),
      at('validation'),
      at('idempotency'),
      at('trace', 'trace 1'),
      at('recover'),
      at('handler'),
      at('timeout'),
      at('circuitBreaker'),
      at('trace', 'trace 2'),
      at('metrics'),
    ]
    await compose(added, () => void steps.push('the handler'))(event, context)
    expect(steps.join()).toBe(
      'recover,trace 1,trace 2,metrics,timeout,circuitBreaker,idempotency,validation,plain,handler,the handler',
    )
  })

  it('leaves out those that are off at the moment, as if they were not there', async () => {
    const steps: string[] = []
    let on = false
    const handle: Middleware = (_event, _context, next) => (steps.push('around'), next())
    const run = compose([{ place: 'trace', handle, when: () => on }], () => void steps.push('the handler'))
    expect(run(event, context), 'not even a promise is made').toBeUndefined()
    on = true
    await run(event, context)
    expect(steps).toEqual(['the handler', 'around', 'the handler'])
  })

  it('takes no place that it does not know', () => {
    const wrong = { place: 'outermost', handle: () => {} } as unknown as PlacedMiddleware
    expect(() => placed(wrong)).toThrow(/place: "outermost" is not one of recover, trace, /)
    expect(() => placed({ place: 'trace' } as PlacedMiddleware)).toThrow(/handle/)
  })
})
