import { EventEmitter, once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { BackendUnavailableError, ClosedError, GroupInUseError, PublishError, readEnv } from '@bus/core/spi'
import type * as spi from '@bus/core/spi'
import { idOf, lendable, mine, range, type Row, schema, storedMessage } from './tables.ts'

declare module '@bus/core/spi' {
  interface AdapterOptionsMap {
    sqlite: SqliteAdapterOptions
  }
}
export interface SqliteAdapterOptions {
  /** Holds the events; one process at a time can have it open. Default `events.sqlite`. */
  readonly file?: string | undefined
}

/** How the core finds and makes the adapter. */
export const adapter: spi.AdapterDefinition<'sqlite', SqliteAdapterOptions> = {
  specVersion: 1,
  name: 'sqlite',
  optionsFromEnv: (env) => readEnv(env, (reader) => ({ file: reader.string('SQLITE_FILE') })),
  create: ({ file = 'events.sqlite' }) => new SqliteAdapter(file),
}

class SqliteAdapter implements spi.EventBusAdapter {
  readonly specVersion = 1 as const
  readonly name = 'sqlite'
  readonly capabilities = { durable: true, shared: false, delays: false, countsRedeliveries: 'none' } as const
  readonly #file: string
  readonly #changes = new EventEmitter().setMaxListeners(0)
  /** What the open consumers put into their statements, by `holder`. */
  readonly #consumers = new Map<number, Row>()
  #made = 0
  #db: DatabaseSync | undefined
  #closed = false

  constructor(file: string) {
    this.#file = file
  }
  async initialize(): Promise<void> {
    if (this.#closed) throw new ClosedError('The SQLite adapter')
    try {
      if (this.#db !== undefined) return
      const db = new DatabaseSync(this.#file, { allowUnknownNamedParameters: true })
      db.exec(schema)
      this.#db = db
    } catch (cause) {
      throw new BackendUnavailableError(`SQLite cannot use the file "${this.#file}": ${String(cause)}`, { cause })
    }
  }
  async publish(messages: readonly spi.Message[]): Promise<void> {
    this.#run('BEGIN')
    try {
      // Name by name: the core's messages are objects whose properties a spread would miss.
      for (const { topic, key, headers, notBefore, body } of messages) {
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
        const values = { topic, key: key ?? null, rest: JSON.stringify({ topic, key, headers, notBefore }), bytes }
        this.#run(`INSERT INTO messages VALUES (NULL, :topic, :key, ${Date.now()}, :rest, :bytes)`, values)
      }
      this.#run('COMMIT')
    } catch (cause) {
      this.#run('ROLLBACK')
      throw new PublishError(
        messages[0]?.topic ?? '',
        messages.map((_, index) => ({ index, stored: 'no', cause })),
      )
    }
    this.#changes.emit('change')
  }
  async consume({ topics, group }: spi.ConsumeOptions): Promise<spi.Consumer> {
    const holder = ++this.#made
    const name = group ?? `~${holder}`
    for (const { topic, startFrom } of topics) {
      const after = typeof startFrom === 'object' && 'position' in startFrom ? idOf(startFrom.position) : 0
      const since = startFrom instanceof Date ? startFrom.getTime() : 0
      const made = this.#run('INSERT OR IGNORE INTO groups VALUES (:topic, :name) RETURNING name', { topic, name })
      if (made.length === 0 || startFrom === 'latest') continue
      const old = `SELECT :name, id, NULL, NULL FROM messages WHERE ${range}`
      this.#run(`INSERT INTO pending ${old}`, { name, topic, after, since, until: Infinity })
    }
    this.#consumers.set(holder, { name, holder, topics: JSON.stringify(topics.map(({ topic }) => topic)) })
    const close = async (): Promise<void> => {
      if (!this.#consumers.delete(holder)) return
      this.#run('UPDATE pending SET holder = NULL WHERE name = :name AND holder = :holder', { name, holder })
      if (group === undefined) for (const { topic } of topics) await this.deleteGroup(topic, name)
      this.#changes.emit('change')
    }
    return { state: { status: 'ready' }, pull: (max, signal) => this.#pull(holder, max, signal), close }
  }
  async #pull(holder: number, max: number, signal: AbortSignal): Promise<readonly spi.Delivery[]> {
    for (let consumer; (consumer = this.#consumers.get(holder)) && !signal.aborted;) {
      const rows = this.#run(lendable, { ...consumer, max })
      for (const { id = 0 } of rows)
        this.#run('UPDATE pending SET holder = :holder WHERE name = :name AND id = :id', { ...consumer, id })
      if (rows.length > 0) return rows.map((row) => this.#delivery(row, holder))
      await once(this.#changes, 'change', { signal }).catch(() => undefined)
    }
    return []
  }
  #delivery(row: Row, holder: number): spi.Delivery {
    let open = true
    const settle = async (sql: string, note: string | null = null): Promise<void> => {
      if (!open || !this.#consumers.has(holder)) return
      this.#run(`${sql} WHERE name = :name AND id = :id AND holder = :holder`, { ...row, holder, note })
      open = false
      this.#changes.emit('change')
    }
    const ack = (): Promise<void> => settle('DELETE FROM pending')
    const release = (note?: string): Promise<void> => settle('UPDATE pending SET holder = NULL, note = :note', note)
    return { message: storedMessage(row), redeliveries: 0, note: (row['note'] ?? undefined) as string, ack, release }
  }
  async *read({
    topic,
    after,
    since = 0,
    until = Infinity,
    limit = -1,
  }: spi.ReadRange): AsyncGenerator<spi.StoredMessage> {
    const values = { topic, after: after === undefined ? 0 : idOf(after), since, until, limit }
    yield* this.#run(`SELECT * FROM messages WHERE ${range} ORDER BY id LIMIT :limit`, values).map(storedMessage)
  }
  async listTopics(): Promise<readonly string[]> {
    return this.#run('SELECT topic FROM messages UNION SELECT topic FROM groups').map(({ topic }) => String(topic))
  }
  async inspect(topic: string, name: string): Promise<spi.GroupState | undefined> {
    const counts = 'count(id) - count(holder) AS lag, count(holder) AS pending, min(storedAt) AS oldest'
    const of = 'groups LEFT JOIN open USING (topic, name) WHERE topic = :topic AND name = :name GROUP BY name'
    const [state] = this.#run(`SELECT ${counts} FROM ${of}`, { topic, name })
    if (state === undefined) return undefined
    const oldestPendingMs = Date.now() - Number(state['oldest'] ?? Date.now())
    return { lag: Number(state['lag']), pending: Number(state['pending']), oldestPendingMs }
  }
  async deleteGroup(topic: string, name: string): Promise<void> {
    const isMember = (one: Row): boolean => one['name'] === name && JSON.parse(String(one['topics'])).includes(topic)
    if ([...this.#consumers.values()].some(isMember)) throw new GroupInUseError(topic, name)
    const ids = 'SELECT id FROM messages WHERE topic = :topic'
    this.#run(`DELETE FROM pending WHERE name = :name AND id IN (${ids})`, { topic, name })
    this.#run('DELETE FROM groups WHERE topic = :topic AND name = :name', { topic, name })
  }
  async ping(): Promise<void> {
    this.#run('SELECT 1')
  }
  async close(): Promise<void> {
    this.#closed = true
    this.#consumers.clear()
    this.#db?.close()
    this.#db = undefined
    this.#changes.emit('change')
  }
  unsettled(): number {
    const count = `SELECT count(*) AS count FROM open WHERE ${mine} AND holder IS NULL`
    return [...this.#consumers.values()].reduce((sum, one) => sum + Number(this.#run(count, one)[0]?.['count']), 0)
  }
  #run(sql: string, values: Row = {}): Row[] {
    if (this.#db === undefined) throw new ClosedError('The SQLite adapter')
    return this.#db.prepare(sql).all(values) as Row[]
  }
}
