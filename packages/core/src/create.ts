import { EventBus } from './bus.ts'
import { attachDefaults, attachedDefaults, type EventBusOptions } from './bus-options.ts'
import type { DefaultSubscriptionOptions } from './consume/options.ts'
import { defaults } from './defaults.ts'
import { ConfigInvalidError, type ConfigIssue, EventBusError } from './errors.ts'
import type { AnyEvents, EventMap } from './events.ts'
import { assertKnown, unknownOptions } from './spi/known-options.ts'
import { type AdapterEntry, type AnyAdapterDefinition, findAdapter } from './registry.ts'
import type { EventBusAdapter } from './spi/adapter.ts'
import type { AdapterOptionsMap, Env } from './spi/definition.ts'
import { readEnv } from './spi/env.ts'
import { nearest } from './util/nearest.ts'

/** Which adapter, and its options under its own name; what is absent comes from the environment. */
export interface AdapterChoice extends Partial<AdapterOptionsMap> {
  /** A name such as `memory`, the full name of a package, or an adapter's definition; default `EVENT_BUS_ADAPTER`, else `memory`. */
  readonly adapter?: string | AnyAdapterDefinition | undefined
  /** Adapters to look names up in first; a bundled application lists here what it may use. */
  readonly adapters?: readonly AdapterEntry[] | Readonly<Record<string, AdapterEntry>> | undefined
  readonly defaultSubscriptionOptions?: DefaultSubscriptionOptions | undefined
  /** Default `process.env`. */
  readonly env?: Env | undefined
}

export interface CreateEventBusOptions<Events = AnyEvents>
  extends Omit<AdapterChoice, 'adapter'>, Omit<EventBusOptions<Events>, 'ownsAdapter'> {
  readonly adapter?: AdapterChoice['adapter'] | EventBusAdapter
  /** What events name as their source; default `event-bus`. */
  readonly source?: string | undefined
}

/**
 * A bus that is connected to its backend. Everything that is not given comes from the environment.
 * @example
 * const bus = await createEventBus('my-service')
 * @throws ConfigInvalidError with every problem at once, AdapterUnknownError, AdapterNotInstalledError,
 * BackendUnavailableError
 */
export async function createEventBus<Events extends EventMap<Events> = AnyEvents>(
  options: string | CreateEventBusOptions<Events> = {},
): Promise<EventBus<Events>> {
  const given: CreateEventBusOptions<Events> = typeof options === 'string' ? { source: options } : options
  assertKnown(unknownChoices(given))
  const { adapter: choice, source = defaults.source, env = process.env } = given
  if (isAdapter(choice)) {
    const defaultSubscriptionOptions = {
      ...defaultsFromEnv(env),
      ...attachedDefaults(choice),
      ...defined(given.defaultSubscriptionOptions),
    }
    return connected(new EventBus<Events>(choice, source, { ...given, defaultSubscriptionOptions }))
  }
  const adapter = await makeAdapter({ ...given, adapter: choice, env })
  const bus = new EventBus<Events>(adapter, source, {
    ...given,
    defaultSubscriptionOptions: undefined,
    ownsAdapter: true,
  })
  return connected(bus)
}

/**
 * An adapter that is connected to its backend, for `new EventBus(adapter)`. `defaultSubscriptionOptions` reach the bus
 * with it. Whoever calls this closes the adapter.
 */
export async function createEventBusAdapter(choice: AdapterChoice = {}): Promise<EventBusAdapter> {
  assertKnown(unknownChoices(choice))
  const adapter = await makeAdapter(choice)
  try {
    await adapter.initialize()
  } catch (error) {
    await adapter.close().catch(() => {})
    throw error
  }
  return adapter
}

const choices: Record<Exclude<keyof CreateEventBusOptions, keyof AdapterOptionsMap>, true> = {
  adapter: true,
  adapters: true,
  source: true,
  env: true,
  events: true,
  defaultSubscriptionOptions: true,
  logger: true,
  maxPayloadBytes: true,
  clock: true,
}

/** Any other name may be that of an adapter, whose options are an object; but not one that looks like a typing error. */
function unknownChoices(given: object): ConfigIssue[] {
  const names = Object.keys(choices)
  const suspects = Object.entries(given).filter(
    ([name, value]) => typeof value !== 'object' || nearest(name, names) !== undefined,
  )
  return unknownOptions(Object.fromEntries(suspects), choices)
}

async function connected<Events extends EventMap<Events>>(bus: EventBus<Events>): Promise<EventBus<Events>> {
  try {
    await bus.initialize()
  } catch (error) {
    await bus.close().catch(() => {})
    throw error
  }
  return bus
}

async function makeAdapter(choice: AdapterChoice): Promise<EventBusAdapter> {
  const { env = process.env, defaultSubscriptionOptions } = choice
  const problems = new Problems()
  const fromEnv = problems.collect(() => defaultsFromEnv(env))
  const definition = await problems.collectAsync(() => chosen(choice, env))
  const adapter = definition && problems.collect(() => definition.create(optionsOf(definition, choice, env)))
  problems.throwIfAny()
  attachDefaults(adapter as EventBusAdapter, { ...fromEnv, ...defined(defaultSubscriptionOptions) })
  return adapter as EventBusAdapter
}

async function chosen({ adapter, adapters }: AdapterChoice, env: Env): Promise<AnyAdapterDefinition> {
  const choice = adapter ?? (env['EVENT_BUS_ADAPTER']?.trim() || 'memory')
  if (typeof choice !== 'string') return findAdapter(choice.name, [choice])
  return isList(adapters) ? findAdapter(choice, adapters) : findAdapter(choice, [], adapters)
}

function isList(adapters: AdapterChoice['adapters']): adapters is readonly AdapterEntry[] {
  return Array.isArray(adapters)
}

/** Options given under the adapter's name, even empty ones, stand alone: the environment is not asked then. */
function optionsOf(definition: AnyAdapterDefinition, choice: AdapterChoice, env: Env): never {
  const given = (choice as Readonly<Record<string, unknown>>)[definition.name]
  return (given ?? definition.optionsFromEnv(env)) as never
}

function defaultsFromEnv(env: Env): DefaultSubscriptionOptions {
  return readEnv(env, (read) =>
    defined({
      maxRetries: read.integer('EVENT_BUS_DEFAULT_MAX_RETRIES'),
      autoAck: read.boolean('EVENT_BUS_DEFAULT_AUTO_ACK'),
      useDLQ: read.boolean('EVENT_BUS_DEFAULT_USE_DLQ'),
    }),
  )
}

function defined<Options extends object>(options: Options | undefined): Options {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Options
}

function isAdapter(choice: unknown): choice is EventBusAdapter {
  return typeof choice === 'object' && choice !== null && 'publish' in choice && 'consume' in choice
}

/** Gathers what is wrong in several places, so that it is told at once. */
class Problems {
  readonly #issues: ConfigIssue[] = []
  #error: EventBusError | undefined

  collect<Result>(step: () => Result): Result | undefined {
    try {
      return step()
    } catch (error) {
      return this.#add(error)
    }
  }

  async collectAsync<Result>(step: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await step()
    } catch (error) {
      return this.#add(error)
    }
  }

  throwIfAny(): void {
    if (this.#error === undefined && this.#issues.length === 0) return
    // One problem that has a class of its own keeps it.
    if (this.#error !== undefined && this.#issues.length === 0) throw this.#error
    const adapterIssue = this.#error === undefined ? [] : [{ name: 'EVENT_BUS_ADAPTER', problem: this.#error.message }]
    throw new ConfigInvalidError([...adapterIssue, ...this.#issues], { cause: this.#error })
  }

  #add(error: unknown): undefined {
    if (!EventBusError.is(error)) throw error
    if (error instanceof ConfigInvalidError || 'issues' in error)
      this.#issues.push(...(error as ConfigInvalidError).issues)
    else this.#error = error
    return undefined
  }
}
