import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { InMemoryAdapter } from '@bus/adapter-memory'
import { EventBus } from '@bus/core'
import { afterEach, expect, it } from 'vitest'
import { otel } from '../src/index.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
let open: AsyncDisposableStack

afterEach(async () => {
  metrics.disable()
  await open.disposeAsync()
})

/** An endpoint of Prometheus as an application sets it up; resolves with how to scrape it. */
async function registerMetrics(): Promise<() => Promise<string[]>> {
  open = new AsyncDisposableStack()
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true })
  const provider = new MeterProvider({ readers: [exporter] })
  metrics.setGlobalMeterProvider(provider)
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.defer(() => provider.shutdown())
  open.defer(() => new Promise((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  return async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text()
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  }
}

async function failing(bus: EventBus): Promise<void> {
  const retry = { initialDelayMs: 1, jitter: 0 }
  await bus.subscribe('orders', () => Promise.reject(new RangeError('no')), {
    consumerGroup: 'dies',
    maxRetries: 2,
    useDLQ: true,
    retry,
  })
  await bus.subscribe('orders', () => Promise.reject(new RangeError('no')), {
    consumerGroup: 'gives-up',
    maxRetries: 0,
  })
  await bus.subscribe('orders', () => {}, { consumerGroup: 'works' })
}

it('counts and times what was sent and handled, retried, dead-lettered and given up, for Prometheus', async () => {
  const scrape = await registerMetrics()
  await using bus = new EventBus(new InMemoryAdapter(), 'test', { logger: silent })
  otel(bus)
  await failing(bus)
  await bus.publish('orders', 'order.placed', 1)
  await bus.publish('orders', 'order.placed', 2)
  await expect(bus.publish('orders', 'order.placed', 1n)).rejects.toThrow('bigint')
  await bus.settled()
  const lines = await scrape()
  const of = (name: string): string[] =>
    lines
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) =>
        line.slice(name.length).replaceAll(/messaging_(system="memory"|destination_name="orders"),?|/g, ''),
      )
      .toSorted()
  const send = 'messaging_operation_name="send",messaging_operation_type="send"'
  const process = 'messaging_operation_name="process",messaging_operation_type="process"'
  const group = (name: string): string => `messaging_consumer_group_name="${name}"`
  expect(of('messaging_client_sent_messages_total')).toEqual([
    `{${send},error_type="BUS_EVENT_INVALID"} 1`,
    `{${send}} 2`,
  ])
  expect(of('messaging_client_operation_duration_count')).toEqual(of('messaging_client_sent_messages_total'))
  expect(of('messaging_client_consumed_messages_total')).toEqual([
    `{${group('dies')},${process},error_type="RangeError"} 6`,
    `{${group('gives-up')},${process},error_type="RangeError"} 2`,
    `{${group('works')},${process}} 2`,
  ])
  expect(of('messaging_process_duration_count')).toEqual(of('messaging_client_consumed_messages_total'))
  expect(of('bus_retries_total')).toEqual([`{${group('dies')},error_type="RangeError"} 4`])
  const exhausted = 'error_type="RangeError",bus_failure_kind="exhausted"'
  expect(of('bus_dead_letters_total')).toEqual([`{${group('dies')},${exhausted}} 2`])
  const dying = `bus_dead_letters_waiting{messaging_system="memory",messaging_destination_name="orders",${group('dies')}} 2`
  expect(lines).toContain(dying)
  expect(of('bus_given_up_total')).toEqual([`{${group('gives-up')},${exhausted}} 2`])
})

it('tells when asked what is in flight, where groups stand, and whether all is well', async () => {
  const scrape = await registerMetrics()
  await using bus = new EventBus(new InMemoryAdapter(), 'test', { logger: silent })
  const end = otel(bus)
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  await bus.subscribe('orders', () => gate, { consumerGroup: 'slow', concurrency: 2, prefetch: 2 })
  await bus.subscribe('payments', () => gate)
  for (const n of [1, 2, 3, 4, 5]) await bus.publish('orders', 'order.placed', n)
  const about = 'messaging_system="memory",messaging_destination_name="orders",messaging_consumer_group_name="slow"'
  expect(await scrape()).toEqual(
    expect.arrayContaining([
      `bus_in_flight{${about}} 2`,
      `bus_pending{${about}} 2`,
      `bus_lag{${about}} 3`,
      `bus_retries_waiting{${about}} 0`,
      'bus_subscriptions{messaging_system="memory"} 2',
      'bus_healthy{messaging_system="memory"} 1',
    ]),
  )
  release()
  await bus.settled()
  const after = await scrape()
  expect(after).toEqual(expect.arrayContaining([`bus_in_flight{${about}} 0`, `bus_lag{${about}} 0`]))
  end()
  await bus.publish('orders', 'order.placed', 2)
  expect(await scrape(), 'nothing is measured any more').toEqual(after)
})
