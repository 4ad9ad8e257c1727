import { describe, expect, it } from 'vitest'
import type { BaseEvent } from '../events.ts'
import type { HandlerContext } from './context.ts'
import { compose, type Middleware } from './middleware.ts'

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
    await compose([around('a'), around('b')], (...given) => void steps.push(given))(event, context)
    expect(steps).toEqual(['a in', 'b in', [event, context], 'b out', 'a out'])
  })

  it('lets a middleware see, and keep, what the handler throws', async () => {
    const seen: unknown[] = []
    const keep: Middleware = (_event, _context, next) => next().catch((error: unknown) => void seen.push(error))
    const boom = new Error('boom')
    await compose([keep], () => {
      throw boom
    })(event, context)
    expect(seen).toEqual([boom])
  })

  it('lets a middleware leave the handler out', async () => {
    let handled = 0
    await compose([async () => {}], () => void handled++)(event, context)
    expect(handled).toBe(0)
  })
})
