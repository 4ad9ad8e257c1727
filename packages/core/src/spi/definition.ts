import type { EventBusAdapter } from './adapter.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What an adapter package exports as `adapter`, so that it can be found by name. */
export interface AdapterDefinition<Name extends string = string, Options = never> {
  /** The literal, never the imported constant: otherwise the check of versions would always pass. */
  readonly specVersion: 1
  readonly name: Name
  /**
   * Reads only `env`, does no I/O. Throws a `ConfigInvalidError` with every problem at once.
   * An empty variable means unset.
   */
  optionsFromEnv(env: Env): Options
  /** Does no I/O. Throws a `ConfigInvalidError` for options that cannot work. */
  create(options: Options): EventBusAdapter
}

/** Each adapter package adds its options under its name, so that `createEventBusAdapter` is typed. */
// oxlint-disable-next-line typescript/no-empty-interface -- filled in by module augmentation
export interface AdapterOptionsMap {}
