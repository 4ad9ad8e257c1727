import { createEventBusAdapter, EventBus, type Logger } from '@bus/core'
import { type Env, type EventBusAdapter, untilAborted } from '@bus/core/spi'
import type { Connection } from './command.ts'
import { InterruptedError } from './exit-codes.ts'
import type { Output } from './terminal/output.ts'

export interface ConnectOptions {
  readonly adapterName: string | undefined
  readonly env: Env
  readonly out: Output
  readonly source: string | undefined
  readonly signal: AbortSignal
}

/** The bus that an application would have in this directory with these variables. */
export async function connect({ adapterName, env, out, source, signal }: ConnectOptions): Promise<Connection> {
  const connecting = createEventBusAdapter({ adapter: adapterName, env })
  let adapter: EventBusAdapter
  try {
    adapter = await untilAborted(signal, connecting)
  } catch (error) {
    if (!signal.aborted) throw error
    connecting.then((late) => late.close()).catch(() => {})
    throw new InterruptedError()
  }
  if (!adapter.capabilities.shared)
    out.warn(`the adapter "${adapter.name}" keeps events in this very process: no other one sees them.`)
  return { adapter, bus: new EventBus(adapter, source ?? 'bus-cli', { logger: loggerTo(out) }) }
}

function loggerTo(out: Output): Logger {
  const text = (message: string, fields: Readonly<Record<string, unknown>> | undefined): string =>
    fields === undefined ? message : `${message} ${JSON.stringify(fields)}`
  return {
    debug() {},
    info() {},
    warn: (message, fields) => out.warn(text(message, fields)),
    error: (message, fields) => out.error(text(message, fields)),
  }
}
