import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ConfigInvalidError,
  createEventBus,
  createEventBusAdapter,
  EventBus,
  registerAdapter,
  type SubscriptionOptions,
} from '../src/index.ts'
import { FakeAdapter } from './support/fake-adapter.ts'
import { FakeDefinition } from './support/fake-definition.ts'
import { rejection } from './support/outcome.ts'
import { turn } from './support/turn.ts'

afterEach(() => void vi.unstubAllEnvs())

describe('createEventBus', () => {
  it('takes everything from the environment', async () => {
    const definition = new FakeDefinition('create-env')
    registerAdapter(definition.entry)
    vi.stubEnv('EVENT_BUS_ADAPTER', ' create-env ')
    vi.stubEnv('FAKE_PORT', '7')
    const bus = await createEventBus()
    expect((await bus.publish('t', 'x', null)).metadata.source).toBe('event-bus')
    expect(definition.made.map(({ options }) => options)).toEqual([{ port: 7, password: undefined }])
  })

  it('takes the name of the service', async () => {
    registerAdapter(new FakeDefinition('create-name').entry)
    vi.stubEnv('EVENT_BUS_ADAPTER', 'create-name')
    const bus = await createEventBus('my-service')
    expect((await bus.publish('t', 'x', null)).metadata.source).toBe('my-service')
    expect((await (await createEventBus('')).publish('t', 'x', null)).metadata.source).toBe('event-bus')
  })

  it('takes options, and an environment that is not that of the process', async () => {
    const definition = new FakeDefinition()
    const env = { EVENT_BUS_ADAPTER: 'fake', FAKE_PORT: '9' }
    const bus = await createEventBus({ source: 'here', adapters: [definition.entry], env })
    expect((await bus.publish('t', 'x', null)).metadata.source).toBe('here')
    expect(definition.made[0]?.options).toEqual({ port: 9, password: undefined })
  })

  it('connects before it resolves, and closes what it made', async () => {
    const definition = new FakeDefinition()
    const bus = await createEventBus({ adapter: definition.entry })
    expect(definition.adapter.calls).toEqual(['initialize'])
    await bus.close()
    expect(definition.adapter.calls).toEqual(['initialize', 'close'])
  })

  it('leaves nothing open when it cannot connect', async () => {
    const definition = new FakeDefinition()
    const create = definition.create.bind(definition)
    definition.create = (options) => {
      const adapter = create(options)
      adapter.faults.initialize = () => {
        throw new Error('away')
      }
      return adapter
    }
    await expect(createEventBus({ adapter: definition.entry })).rejects.toThrow('away')
    expect(definition.adapter.calls).toEqual(['initialize', 'close'])
    await expect(createEventBusAdapter({ adapter: definition.entry })).rejects.toThrow('away')
    expect(definition.made[1]?.adapter.calls).toEqual(['initialize', 'close'])
  })

  it('connects an adapter that it is given, and does not close it', async () => {
    const adapter = new FakeAdapter()
    const bus = await createEventBus({ adapter, source: 'mine' })
    await bus.close()
    expect(adapter.calls).toEqual(['initialize'])
    await expect(bus.publish('t', 'x', null)).rejects.toMatchObject({ code: 'BUS_CLOSED' })
  })

  it('takes the default adapter when the variable is empty', async () => {
    const definition = new FakeDefinition('memory')
    await createEventBus({ adapters: [definition.entry], env: { EVENT_BUS_ADAPTER: '' } })
    expect(definition.made).toHaveLength(1)
  })
})

describe('options of an adapter', () => {
  const env = { FAKE_PORT: '7', FAKE_PASSWORD: 'hunter2' }

  it.each([
    ['are those of the environment', {}, { port: 7, password: 'hunter2' }],
    ['are those given, and then the environment is not asked', { fake: { port: 1 } }, { port: 1 }],
    ['are none, when an empty object is given', { fake: {} }, {}],
    ['are those of the environment, when undefined is given', { fake: undefined }, { port: 7, password: 'hunter2' }],
  ])('%s', async (_name, given, expected) => {
    const definition = new FakeDefinition()
    await createEventBusAdapter({ adapter: 'fake', adapters: [definition.entry], env, ...given })
    expect(definition.made[0]?.options).toEqual(expected)
  })

  it('of other adapters do not matter', async () => {
    const definition = new FakeDefinition()
    const given = { other: { port: 'wrong' } }
    await createEventBusAdapter({ adapter: definition.entry, env: {}, ...given })
    expect(definition.made[0]?.options).toEqual({ port: undefined, password: undefined })
  })
})

describe('what is wrong with the configuration', () => {
  it('is told at once, the adapter and each variable by name', async () => {
    const env = {
      EVENT_BUS_ADAPTER: 'nats',
      EVENT_BUS_DEFAULT_MAX_RETRIES: 'many',
      EVENT_BUS_DEFAULT_USE_DLQ: 'perhaps',
    }
    const error = await rejection(createEventBus({ env }))
    expect(error).toBeInstanceOf(ConfigInvalidError)
    expect((error as ConfigInvalidError).issues.map(({ name }) => name)).toEqual([
      'EVENT_BUS_ADAPTER',
      'EVENT_BUS_DEFAULT_MAX_RETRIES',
      'EVENT_BUS_DEFAULT_USE_DLQ',
    ])
    expect(error.message).toMatch(/nats.*\n.*"many".*\n.*"perhaps"/)
  })

  it('includes what the adapter itself finds wrong', async () => {
    const env = { EVENT_BUS_DEFAULT_AUTO_ACK: 'x', FAKE_PORT: 'abc', FAKE_PASSWORD: 'hunter2' }
    const error = await rejection(createEventBus({ adapter: new FakeDefinition().entry, env }))
    expect(error.message).toMatch(/EVENT_BUS_DEFAULT_AUTO_ACK.*\n.*FAKE_PORT: "abc"/)
    expect(error.message).not.toContain('hunter2')
  })

  it('keeps its own class when it is one thing: the adapter', async () => {
    expect(await rejection(createEventBus({ env: { EVENT_BUS_ADAPTER: 'nats' } }))).toMatchObject({
      code: 'BUS_ADAPTER_UNKNOWN',
    })
  })

  it('is told also when the adapter is made already', async () => {
    const env = { EVENT_BUS_DEFAULT_MAX_RETRIES: '-1' }
    expect(await rejection(createEventBus({ adapter: new FakeAdapter(), env }))).toMatchObject({
      code: 'BUS_CONFIG_INVALID',
    })
  })

  it('shows an error of the adapter as it is when it is none of the configuration', async () => {
    const definition = new FakeDefinition()
    definition.create = () => {
      throw new RangeError('a bug of the adapter')
    }
    await expect(createEventBus({ adapter: definition.entry })).rejects.toThrow(RangeError)
  })
})

describe('options of subscriptions', () => {
  const env = { EVENT_BUS_DEFAULT_MAX_RETRIES: '1', EVENT_BUS_DEFAULT_USE_DLQ: 'true' }

  /** How often the handler is started, and where the event ends. */
  async function outcome(
    bus: EventBus,
    adapter: FakeAdapter,
    options: SubscriptionOptions,
  ): Promise<[number, boolean]> {
    let starts = 0
    const fail = (): void => {
      starts++
      throw new Error('boom')
    }
    await bus.subscribe('t', fail, { retry: { initialDelayMs: 0 }, ...options })
    await bus.publish('t', 'x', null)
    do await turn()
    while ((await bus.getStats()).inFlightEvents > 0)
    return [starts, adapter.stored('t.broadcast.dlq').length === 1]
  }

  it.each<[string, SubscriptionOptions | undefined, SubscriptionOptions, [number, boolean]]>([
    ['are those of the subscription', { maxRetries: 2, useDLQ: true }, { maxRetries: 0, useDLQ: false }, [1, false]],
    ['else those of the bus', { maxRetries: 2, useDLQ: false }, {}, [3, false]],
    ['else those of the environment', { maxRetries: undefined }, {}, [2, true]],
    ['else those of the environment, where nothing is given', undefined, {}, [2, true]],
  ])('%s', async (_name, defaultSubscriptionOptions, options, expected) => {
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    const definition = new FakeDefinition()
    const made = await createEventBus({ adapter: definition.entry, env, defaultSubscriptionOptions, logger })
    expect(await outcome(made, definition.adapter, options)).toEqual(expected)
    const adapter = new FakeAdapter()
    const given = await createEventBus({ adapter, env, defaultSubscriptionOptions, logger })
    expect(await outcome(given, adapter, options)).toEqual(expected)
    const another = new FakeDefinition()
    const travelling = await createEventBusAdapter({ adapter: another.entry, env, defaultSubscriptionOptions })
    const bus = new EventBus(travelling, 's', { logger })
    expect(await outcome(bus, another.adapter, options)).toEqual(expected)
  })

  it('are the defaults in the end', async () => {
    const adapter = new FakeAdapter()
    const bus = await createEventBus({ adapter, env: {}, logger: { debug() {}, info() {}, warn() {}, error() {} } })
    expect(await outcome(bus, adapter, {})).toEqual([4, false])
  })

  it('given with an adapter stand above the environment of a bus made of it', async () => {
    const definition = new FakeDefinition()
    const adapter = await createEventBusAdapter({
      adapter: definition.entry,
      env: {},
      defaultSubscriptionOptions: { maxRetries: 0 },
    })
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    const bus = await createEventBus({ adapter, env: { EVENT_BUS_DEFAULT_MAX_RETRIES: '9' }, logger })
    expect((await outcome(bus, definition.adapter, {}))[0]).toBe(1)
  })
})
