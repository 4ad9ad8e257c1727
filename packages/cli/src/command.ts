import type { Env, EventBusAdapter } from '@bus/core/spi'
import type { EventBus } from '@bus/core'
import type { Output } from './terminal/output.ts'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** May be given several times. */
  readonly multiple?: true
  /** What stands for the value in the help. */
  readonly value?: string
  readonly help: string
}

export type Options = Readonly<Record<string, OptionSpec>>

/** What `parseArgs` makes of them. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]?: Given[Name] extends { readonly type: 'boolean' }
    ? boolean
    : Given[Name] extends { readonly multiple: true }
      ? readonly string[]
      : string
}

export interface ArgumentSpec {
  readonly name: string
  readonly optional?: true
  /** Takes all that follow. */
  readonly rest?: true
}

export interface Input<Given extends Options = Options> {
  readonly values: Values<Given>
  readonly positionals: readonly string[]
}

export interface Connection {
  readonly adapter: EventBusAdapter
  readonly bus: EventBus
}

/** What a command works with. */
export interface Context {
  readonly out: Output
  readonly stdin: NodeJS.ReadStream
  readonly env: Env
  /** The adapter that was named, if it was. */
  readonly adapterName: string | undefined
  /** Aborts on Ctrl-C, and when nobody reads the output any more. */
  readonly signal: AbortSignal
  /** Connects on the first call; closed when the command ends. */
  connect(options?: {
    readonly source?: string | undefined
    /** Instead of the one above. */
    readonly env?: Env | undefined
  }): Promise<Connection>
}

export interface Command<Given extends Options = Options> {
  /** One word or two, such as `dlq ls`. */
  readonly name: string
  readonly summary: string
  /** What else its help says. */
  readonly details?: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: Given
  readonly examples: readonly string[]
  /** Resolves with the exit code. */
  run(input: Input<Given>, context: Context): Promise<number>
}

/** Forgets what options a command has, once the compiler has checked that it uses no others. */
export function command<const Given extends Options>(spec: Command<Given>): Command {
  return spec as unknown as Command
}
