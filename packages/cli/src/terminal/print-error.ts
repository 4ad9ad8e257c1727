import { EventBusError } from '@bus/core'
import type { Output } from './output.ts'

/** What went wrong; for programs as one line of JSON. */
export function printError(out: Output, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  if (!out.json) {
    out.error(message)
    return
  }
  const { name, stored } = error as { readonly name?: unknown; readonly stored?: unknown }
  const code = EventBusError.is(error) ? error.code : undefined
  out.note(JSON.stringify({ error: { code, name, message, stored } }))
}
