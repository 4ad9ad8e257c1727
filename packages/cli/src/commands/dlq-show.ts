import type { DeadLetter } from '@bus/core'
import { command, type Command } from '../command.ts'
import { deadLetterJson, errorOf } from '../events/dead-letter.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Paint } from '../terminal/paint.ts'
import { visible, visibleLines } from '../terminal/text.ts'

export const dlqShow: Command = command({
  name: 'dlq show',
  summary: 'shows all that is known of one dead letter',
  arguments: [{ name: 'ID' }],
  options: {},
  examples: ['bus dlq show orders.billing.dlq/0000000000000042'],
  async run({ positionals: [id = ''] }, context) {
    const { bus } = await context.connect()
    const letter = await bus.deadLetters.get(id)
    if (letter === undefined) {
      context.out.error(`There is no dead letter ${id}: it was redriven, discarded, or its retention has ended.`)
      return exitCodes.failed
    }
    await context.out.record(deadLetterJson(letter), () => description(letter, context.out.paint))
    return exitCodes.ok
  },
})

function description(letter: DeadLetter, paint: Paint): string {
  const { event, body, errorStack } = letter
  const facts: readonly (readonly [string, unknown])[] = [
    ['id', letter.id],
    ['topic', letter.topic],
    ['group', letter.group ?? 'none'],
    ['key', letter.key],
    ['type', event?.type],
    ['event id', event?.metadata.eventId],
    ['published', event && `${event.metadata.timestamp} by ${event.metadata.source}`],
    ['flow', event?.metadata.correlationId],
    ['error', errorOf(letter)],
    ['why', letter.failureKind],
    ['attempts', letter.attempts],
    ['first failure', letter.firstFailureAt],
    ['last failure', letter.lastFailureAt],
    ['died', letter.deadAt],
    ['redrives', letter.parked ? `${letter.redrives}, parked` : letter.redrives],
    ['position', letter.originalPosition],
  ]
  const lines = facts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint('dim', name.padEnd(13))}  ${visible(String(value))}`)
  const content = event === undefined ? Buffer.from(body ?? []).toString() : JSON.stringify(event.payload, undefined, 2)
  lines.push('', paint('bold', event === undefined ? 'bytes' : 'payload'), visibleLines(content ?? ''))
  if (errorStack !== undefined) lines.push('', paint('bold', 'stack'), visibleLines(errorStack))
  return lines.join('\n')
}
