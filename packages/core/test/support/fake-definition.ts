import type { AnyAdapterDefinition } from '../../src/registry.ts'
import type { AdapterDefinition, Env } from '../../src/spi/definition.ts'
import { readEnv } from '../../src/spi/env.ts'
import { FakeAdapter } from './fake-adapter.ts'

export interface FakeOptions {
  readonly port?: number | undefined
  readonly password?: string | undefined
}

/** An adapter's definition that keeps what it is asked for. */
export class FakeDefinition implements AdapterDefinition<string, FakeOptions> {
  readonly specVersion: 1 = 1
  readonly name: string
  readonly made: { readonly adapter: FakeAdapter; readonly options: FakeOptions }[] = []

  constructor(name: string = 'fake') {
    this.name = name
  }

  /** As `createEventBus` takes it. */
  get entry(): AnyAdapterDefinition {
    return this as unknown as AnyAdapterDefinition
  }

  get adapter(): FakeAdapter {
    const [first] = this.made
    if (first === undefined) throw new Error('no adapter was made')
    return first.adapter
  }

  optionsFromEnv(env: Env): FakeOptions {
    return readEnv(env, (reader) => ({
      port: reader.integer('FAKE_PORT', { min: 1 }),
      password: reader.string('FAKE_PASSWORD'),
    }))
  }

  create(options: FakeOptions): FakeAdapter {
    const adapter = new FakeAdapter(this.name)
    this.made.push({ adapter, options })
    return adapter
  }
}
