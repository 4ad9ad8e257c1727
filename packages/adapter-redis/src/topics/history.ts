import type { ReadRange, StoredMessage } from '@bus/core/spi'
import type { Link } from '../link/link.ts'
import { ends } from '../scripts/topic.ts'
import type { Catalog } from './catalog.ts'
import { Entry, type Row } from './entry.ts'
import { compareIds, isLower, lastIdUpTo, placeOf } from './position.ts'

const pageSize = 250

/**
 * The streams of a topic as one, in order of position, up to what is there when it is called. What was kept on purpose
 * is not seen any more after `keptMaxAgeMs`: the server removes it some time later, each topic when it is looked at.
 */
export function readHistory(catalog: Catalog, range: ReadRange, keptMaxAgeMs: number): AsyncIterable<StoredMessage> {
  const link = catalog.linkTo(range.topic)
  const oldest = Date.now() - keptMaxAgeMs
  const cursors = link.patiently(async () => {
    const { since = 0, ...rest } = range
    return open(
      link,
      catalog,
      (await catalog.isKept(range.topic)) ? { ...rest, since: Math.max(since, oldest) } : range,
    )
  })
  // Whoever never iterates never learns of it.
  cursors.catch(() => {})
  return merge(link, cursors, range.limit ?? Number.POSITIVE_INFINITY)
}

async function open(link: Link, catalog: Catalog, { topic, after, since, until }: ReadRange): Promise<Cursor[]> {
  const place = after === undefined ? undefined : placeOf(after, 'after')
  const keys = catalog.of(topic)
  // Without registration there may still be what somebody else wrote.
  const streams = keys.streams((await catalog.find(topic)) ?? 0)
  const last = (await link.run(ends, streams, [])) as Buffer[]
  return streams.flatMap((stream, number) => {
    const end = String(last[number])
    if (end === '0-0') return []
    const from = place === undefined ? undefined : lastIdUpTo(place, number)
    const start = since === undefined ? '-' : `${Math.ceil(since)}`
    const first =
      from !== undefined && (since === undefined || isLower(`${Math.ceil(since)}-0`, from)) ? `(${from}` : start
    if (until === undefined) return [new Cursor(topic, stream, number, first, end)]
    // A range that ends before its beginning is refused by the server, even where it would be empty.
    const limit = Math.ceil(until) - 1
    if (limit < 0) return []
    return [new Cursor(topic, stream, number, first, isLower(`${limit + 1}-0`, end) ? `${limit}` : end, limit)]
  })
}

async function* merge(link: Link, opening: Promise<Cursor[]>, limit: number): AsyncGenerator<StoredMessage> {
  let cursors = await opening
  const count = Math.min(
    pageSize,
    Math.max(1, Math.ceil((2 * Math.min(limit, pageSize)) / Math.max(1, cursors.length))),
  )
  for (let given = 0; given < limit; given++) {
    const empty = cursors.filter((cursor) => cursor.next === undefined)
    await Promise.all(empty.map((cursor) => cursor.fill(link, empty.length === 1 ? pageSize : count)))
    if (empty.length > 0) cursors = cursors.filter((cursor) => cursor.next !== undefined)
    let first = cursors[0]
    if (first === undefined) return
    for (const cursor of cursors)
      if (compareIds((cursor.next as Entry).id, (first.next as Entry).id) < 0) first = cursor
    yield first.take()
  }
}

/** One stream of a topic, a page at a time. */
class Cursor {
  readonly #topic: string
  readonly #stream: string
  readonly #number: number
  readonly #end: string
  readonly #until: number
  #from: string
  #page: Entry[] = []
  #at = 0
  #done = false

  constructor(
    topic: string,
    stream: string,
    number: number,
    from: string,
    end: string,
    until: number = Number.POSITIVE_INFINITY,
  ) {
    this.#topic = topic
    this.#stream = stream
    this.#number = number
    this.#from = from
    this.#end = end
    this.#until = until
  }

  get next(): Entry | undefined {
    return this.#page[this.#at]
  }

  take(): Entry {
    return this.#page[this.#at++] as Entry
  }

  async fill(link: Link, count: number): Promise<void> {
    this.#page = []
    this.#at = 0
    if (this.#done) return
    const rows = (await link.patiently(() =>
      link.command('XRANGE', this.#stream, this.#from, this.#end, 'COUNT', count),
    )) as readonly Row[]
    const entries = rows.map(([id, fields]) => new Entry(this.#topic, this.#number, id.toString('latin1'), fields))
    this.#page = entries.filter(({ storedAt }) => storedAt <= this.#until)
    this.#done = rows.length < count
    const last = entries.at(-1)
    if (last !== undefined) this.#from = `(${last.id}`
  }
}
