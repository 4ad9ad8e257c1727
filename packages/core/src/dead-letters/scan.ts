import type { EventBusAdapter } from '../spi/adapter.ts'
import type { StoredMessage } from '../spi/message.ts'
import { type DeadLetter, deadLetterOf, placeOf } from './dead-letter.ts'
import { type DeadLetterFilter, matching } from './filter.ts'
import type { Ledger } from './ledger.ts'

/** A dead letter, and the message it was read from. */
export interface Found {
  readonly letter: DeadLetter
  readonly message: StoredMessage
}

/** What is in a dead letter topic when it begins, fits, and is not dealt with; in order of position. */
export async function* scan(
  adapter: EventBusAdapter,
  dlqTopic: string,
  ledger: Ledger,
  filter: DeadLetterFilter,
  after?: string,
): AsyncGenerator<Found> {
  const fits = matching(filter)
  const last = lastPosition(dlqTopic, filter)
  const range = { topic: dlqTopic, after, since: filter.from?.getTime(), until: filter.to?.getTime() }
  for await (const message of adapter.read(range)) {
    const { position } = message
    if (last !== undefined && position > last) return
    if (ledger.isSettled(position)) continue
    const letter = deadLetterOf(message, ledger.isParked(position))
    if (letter !== undefined && fits(letter)) yield { letter, message }
  }
}

/** Behind which nothing is asked for. */
function lastPosition(dlqTopic: string, { ids }: DeadLetterFilter): string | undefined {
  const positions = ids?.flatMap((id) => {
    const place = placeOf(id)
    return place?.dlqTopic === dlqTopic ? [place.position] : []
  })
  return positions?.toSorted().at(-1)
}
