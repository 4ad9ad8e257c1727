import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpHandler, type HttpHandlerOptions } from '../src/http/index.ts'
import { scene } from './support/bus.ts'
import { turn } from './support/turn.ts'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

function atPort(server: Server): string {
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return atPort(server)
}

/** A bus with a group that has handled one event and given up another, behind the handler. */
async function observed(options: HttpHandlerOptions = { cacheMs: 0 }) {
  const { bus, adapter, clock, logger } = scene()
  await bus.subscribe(
    'orders',
    ({ payload }) => {
      if (payload === 'no') throw new Error('no')
    },
    { consumerGroup: 'billing', maxRetries: 0, useDLQ: true },
  )
  adapter.marks.add('orders/billing')
  await bus.publish('orders', 'placed', 'yes')
  await bus.publish('orders', 'placed', 'no')
  await turn()
  return { bus, adapter, clock, logger, handler: createHttpHandler(bus, { clock, ...options }) }
}

describe('the HTTP handler', () => {
  it('answers /health with what getHealth() says, 503 while the backend does not answer', async () => {
    const { handler, adapter } = await observed()
    const url = await served(handler)
    const well = await fetch(`${url}/health`)
    expect(well.status).toBe(200)
    expect(well.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(well.headers.get('cache-control')).toBe('no-store')
    expect(await well.json()).toMatchObject({
      live: true,
      ready: true,
      adapter: { name: 'fake', healthy: true },
      subscriptions: [{ topic: 'orders', consumerGroup: 'billing', status: 'ready' }],
    })
    adapter.faults.ping = () => {
      throw new Error('no route to host')
    }
    for (const path of ['/health', '/ready']) {
      const ill = await fetch(url + path)
      expect(ill.status).toBe(503)
      expect(await ill.json()).toMatchObject({ live: false, adapter: { reason: 'no route to host' } })
    }
  })

  it('answers /ready with 503 while a group is being joined, and while the bus closes, and is live all the same', async () => {
    const { bus, handler, adapter } = await observed()
    const url = await served(handler)
    const status = async (path: string): Promise<number> => (await fetch(url + path)).status
    expect(await status('/ready')).toBe(200)
    const [consumer] = adapter.consumers
    Object.assign(consumer ?? {}, { state: { status: 'joining' } })
    expect([await status('/ready'), await status('/health')]).toEqual([503, 200])
    Object.assign(consumer ?? {}, { state: { status: 'ready' } })
    expect(await status('/ready')).toBe(200)
    await bus.close()
    expect([await status('/ready'), await status('/health')]).toEqual([503, 200])
  })

  it('answers /metrics in the text format of Prometheus', async () => {
    const { handler } = await observed()
    const answer = await fetch(`${await served(handler)}/metrics`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(text).toMatchSnapshot()
    // Each family once, described before its samples, and every line of it a valid one.
    const lines = text.split('\n')
    expect(lines.pop()).toBe('')
    const described = new Set<string>()
    for (const line of lines) {
      const [, name] = /^# TYPE ([a-z_]+) (?:counter|gauge)$/.exec(line) ?? []
      if (name !== undefined) {
        expect(described).not.toContain(name)
        described.add(name)
      } else if (!line.startsWith('# HELP ')) {
        expect(line).toMatch(
          /^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? [\d.]+$/,
        )
        expect(described).toContain(/^[a-z_]+/.exec(line)?.[0])
      }
    }
  })

  it('is described in docs/operations.md, metric by metric', async () => {
    const { handler } = await observed()
    const text = await (await fetch(`${await served(handler)}/metrics`)).text()
    const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const told = [...page.matchAll(/`(bus_[a-z_]+[a-z])`/g)].map(([, name]) => name)
    const made = [...text.matchAll(/^# TYPE ([a-z_]+)/gm)].map(([, name]) => name)
    expect([...new Set(told)].toSorted()).toEqual(made.toSorted())
  })

  it('leaves out what the backend does not tell', async () => {
    const { handler, adapter } = await observed()
    adapter.faults.ping = () => {
      throw new Error('refused')
    }
    const text = await (await fetch(`${await served(handler)}/metrics`)).text()
    expect(text).toContain('bus_up{adapter="fake"} 0\n')
    expect(text).toContain('bus_succeeded_events_total{topic="orders",group="billing"} 1\n')
    expect(text).not.toContain('bus_group_lag_events')
    expect(text).not.toContain('undefined')
  })

  it('asks the bus once in a while, however many ask, and at the same time', async () => {
    const { bus, handler, clock } = await observed({ cacheMs: 1_000 })
    let asked = 0
    const getStats = bus.getStats.bind(bus)
    bus.getStats = () => {
      asked++
      return getStats()
    }
    const url = await served(handler)
    const scrape = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()
    const [first] = await Promise.all(Array.from({ length: 20 }, scrape))
    expect(asked).toBe(1)
    await bus.publish('orders', 'placed', 'yes')
    expect(await scrape()).toBe(first)
    await clock.advance(1_000)
    expect(await scrape()).toContain('bus_published_events_total{topic="orders"} 3\n')
    expect(asked).toBe(2)
  })

  it('knows nothing else, and does nothing', async () => {
    const { handler } = await observed()
    const url = await served(handler)
    const status = async (path: string, method = 'GET'): Promise<number> => (await fetch(url + path, { method })).status
    expect(await status('/')).toBe(404)
    expect(await status('/healthy')).toBe(404)
    expect(await status('/health/?verbose=1')).toBe(200)
    const refused = await fetch(`${url}/health`, { method: 'POST' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const head = await fetch(`${url}/health`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100)
  })

  it('says so when the bus cannot be asked', async () => {
    const broken = (): Promise<never> => Promise.reject(new Error('out of order'))
    const url = await served(createHttpHandler({ getHealth: broken, getStats: broken }))
    for (const path of ['/health', '/ready', '/metrics']) {
      const answer = await fetch(url + path)
      expect(answer.status).toBe(503)
      expect(await answer.json()).toEqual({ error: 'The bus could not be asked: Error: out of order' })
    }
  })

  it('takes no option that cannot work', async () => {
    const { bus } = scene()
    expect(() => createHttpHandler(bus, { cacheMs: -1 })).toThrow('cacheMs')
  })

  it('works in Express, also under a path of its own, and leaves the rest to others', async () => {
    const { handler } = await observed()
    const app = express()
    app.use('/ops', handler)
    app.use(handler)
    app.get('/orders', (_request, response) => void response.json([]))
    const url = await served(app)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ live: true })
    expect(await (await fetch(`${url}/ops/ready`)).json()).toMatchObject({ ready: true })
    expect(await (await fetch(`${url}/ops/metrics`)).text()).toContain('bus_up{adapter="fake"} 1\n')
    expect(await (await fetch(`${url}/orders`)).json()).toEqual([])
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
  })

  it('works in Fastify', async () => {
    const { handler } = await observed()
    const app = fastify()
    for (const path of ['/health', '/ready', '/metrics']) {
      app.get(path, (request, reply) => {
        reply.hijack()
        handler(request.raw, reply.raw)
      })
    }
    await app.listen({ port: 0, host: '127.0.0.1' })
    const url = atPort(app.server)
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ live: true })
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('bus_up{adapter="fake"} 1\n')
  })
})
