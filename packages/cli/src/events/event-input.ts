import type { PublishOptions } from '@bus/core'
import { UsageError } from '../exit-codes.ts'

/** One event, as a line of input says it. */
export interface EventInput {
  readonly topic: string
  readonly type: string
  readonly payload: unknown
  readonly options: PublishOptions
}

// The last ones are where an event was read; they are of no account where it goes.
const known = ['topic', 'type', 'payload', 'key', 'metadata', 'delayMs', 'deliverAt', 'position', 'storedAt']

/** @throws UsageError */
export function eventInput(line: string, topic: string | undefined): EventInput {
  const value = parsed(line)
  const wrong = Object.keys(value).filter((name) => !known.includes(name))
  if (wrong.length > 0) throw new UsageError(`there is no such member of an event: ${wrong.join(', ')}`)
  const where = topic ?? text(value, 'topic')
  const type = text(value, 'type')
  if (where === undefined) throw new UsageError('it names no topic, and neither does the command')
  if (type === undefined) throw new UsageError('it has no type')
  if (!('payload' in value)) throw new UsageError('it has no payload')
  return { topic: where, type, payload: value['payload'], options: optionsOf(value) }
}

function optionsOf(value: Readonly<Record<string, unknown>>): PublishOptions {
  const { metadata, delayMs } = value
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)))
    throw new UsageError('its metadata is no object')
  if (delayMs !== undefined && typeof delayMs !== 'number') throw new UsageError('its delayMs is no number')
  const due = text(value, 'deliverAt')
  const deliverAt = due === undefined ? undefined : new Date(due)
  if (deliverAt !== undefined && Number.isNaN(deliverAt.getTime())) throw new UsageError('its deliverAt is no time')
  return {
    key: text(value, 'key'),
    ...(metadata === undefined ? {} : { metadata }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(deliverAt === undefined ? {} : { deliverAt }),
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new UsageError(`it is no JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError('it is no JSON object')
  return value as Readonly<Record<string, unknown>>
}

function text(value: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const found = value[name]
  if (found === undefined || found === null) return undefined
  if (typeof found !== 'string') throw new UsageError(`its ${name} is no text`)
  return found
}
