import { EventEmitter, once } from 'node:events'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { BackendUnavailableError, ClosedError, PublishError, readEnv } from '@bus/core/spi'
import type * as spi from '@bus/core/spi'

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

// `pending` has what a group has not settled yet; `holder` is the consumer that has it on loan. When a process begins,
// nothing is on loan any more, and its predecessor's consumers without a group (named "~1", "~2") are forgotten.
const schema = `
  PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, topic, key, storedAt, rest, body);
  CREATE INDEX IF NOT EXISTS byTopic ON messages (topic, id);
  CREATE TABLE IF NOT EXISTS groups (topic, name, PRIMARY KEY (topic, name));
  CREATE TABLE IF NOT EXISTS pending (name, id, holder, note, PRIMARY KEY (name, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS held ON pending (name, holder, id);
  CREATE TRIGGER IF NOT EXISTS fanOut AFTER INSERT ON messages BEGIN
    INSERT INTO pending SELECT name, new.id, NULL, NULL FROM groups WHERE topic = new.topic;
  END;
  CREATE TEMP VIEW open AS SELECT * FROM pending JOIN messages USING (id);
  UPDATE pending SET holder = NULL WHERE holder > 0;
  DELETE FROM pending WHERE name LIKE '~%';
  DELETE FROM groups WHERE name LIKE '~%';`
const mine = 'name = :name AND topic IN (SELECT value FROM json_each(:topics))'
// A key of which another member has messages on loan is left to that member.
const lendable = `SELECT * FROM open WHERE ${mine} AND holder IS NULL
  AND (key IS NULL OR key NOT IN (SELECT key FROM open WHERE ${mine} AND holder <> :holder AND key IS NOT NULL))
  ORDER BY id LIMIT :max`

type Row = Record<string, SQLInputValue>

function storedMessage({ id, storedAt, rest, body }: Row): spi.StoredMessage {
  const position = String(id).padStart(16, '0') // Compared as text, hence the zeros.
  return { ...JSON.parse(rest as string), body: body ?? new Uint8Array(), position, storedAt } as spi.StoredMessage
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
    if (this.#db !== undefined) return
    try {
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
        const rest = JSON.stringify({ topic, key, headers, notBefore })
        const values = { topic, key: key ?? null, now: Date.now(), rest, bytes }
        this.#run('INSERT INTO messages VALUES (NULL, :topic, :key, :now, :rest, :bytes)', values)
      }
      this.#run('COMMIT')
    } catch (cause) {
      this.#run('ROLLBACK')
      const failures = messages.map((_, index) => ({ index, stored: 'no' as const, cause }))
      throw new PublishError(messages[0]?.topic ?? '', failures)
    }
    this.#changes.emit('change')
  }
  async consume({ topics, group }: spi.ConsumeOptions): Promise<spi.Consumer> {
    const holder = ++this.#made
    const name = group ?? `~${holder}`
    for (const { topic, startFrom } of topics) {
      const made = this.#run('INSERT OR IGNORE INTO groups VALUES (:topic, :name) RETURNING name', { topic, name })
      if (made.length === 0 || startFrom === 'latest') continue
      const after = typeof startFrom === 'object' && 'position' in startFrom ? Number(startFrom.position) : 0
      const since = startFrom instanceof Date ? startFrom.getTime() : 0
      const old = 'topic = :topic AND id > :after AND storedAt >= :since'
      const values = { name, topic, after, since }
      this.#run(`INSERT INTO pending SELECT :name, id, NULL, NULL FROM messages WHERE ${old}`, values)
    }
    this.#consumers.set(holder, { name, holder, topics: JSON.stringify(topics.map(({ topic }) => topic)) })
    return {
      state: { status: 'ready' },
      pull: (max, signal) => this.#pull(holder, max, signal),
      close: async () => {
        if (!this.#consumers.delete(holder)) return
        this.#run('UPDATE pending SET holder = NULL WHERE name = :name AND holder = :holder', { name, holder })
        if (group === undefined) for (const { topic } of topics) await this.deleteGroup(topic, name)
        this.#changes.emit('change')
      },
    }
  }
  async #pull(holder: number, max: number, signal: AbortSignal): Promise<readonly spi.Delivery[]> {
    for (;;) {
      const consumer = this.#consumers.get(holder)
      if (consumer === undefined || signal.aborted) return []
      const rows = this.#run(lendable, { ...consumer, max })
      for (const { id = 0 } of rows)
        this.#run(`UPDATE pending SET holder = :holder WHERE name = :name AND id = :id`, { ...consumer, id })
      if (rows.length > 0) return rows.map((row) => this.#delivery(row, holder))
      await once(this.#changes, 'change', { signal }).catch(() => undefined)
    }
  }
  #delivery(row: Row, holder: number): spi.Delivery {
    let open = true
    const settle = async (sql: string, note: string | null = null): Promise<void> => {
      if (!open || !this.#consumers.has(holder)) return
      this.#run(`${sql} WHERE name = :name AND id = :id AND holder = :holder`, { ...row, holder, note })
      open = false
      this.#changes.emit('change')
    }
    return {
      message: storedMessage(row),
      redeliveries: 0,
      note: (row['note'] ?? undefined) as string | undefined,
      ack: () => settle('DELETE FROM pending'),
      release: (note) => settle('UPDATE pending SET holder = NULL, note = :note', note),
    }
  }
  async *read({ topic, after, since, until, limit }: spi.ReadRange): AsyncGenerator<spi.StoredMessage> {
    const end = this.#run('SELECT max(id) AS id FROM messages')[0]?.['id'] ?? 0
    const range = 'id > :from AND id <= :end AND storedAt >= :since AND storedAt < :until'
    const values = { topic, end, since: since ?? 0, until: until ?? Infinity }
    let from = Number(after ?? 0)
    for (let left = limit ?? Infinity; left > 0; left--) {
      // One at a time: whoever reads may take as long as he likes, and nothing is kept open meanwhile.
      const sql = `SELECT * FROM messages WHERE topic = :topic AND ${range} ORDER BY id LIMIT 1`
      const [row] = this.#run(sql, { ...values, from })
      if (row === undefined) return
      yield storedMessage(row)
      from = Number(row['id'])
    }
  }
  async listTopics(): Promise<readonly string[]> {
    return this.#run('SELECT topic FROM messages UNION SELECT topic FROM groups').map(({ topic }) => String(topic))
  }
  async inspect(topic: string, name: string): Promise<spi.GroupState | undefined> {
    const [state] = this.#run(
      `SELECT count(id) - count(holder) AS lag, count(holder) AS pending, min(storedAt) AS oldest
       FROM groups LEFT JOIN open USING (topic, name) WHERE topic = :topic AND name = :name GROUP BY name`,
      { topic, name },
    )
    if (state === undefined) return undefined
    const oldestPendingMs = state['oldest'] === null ? 0 : Date.now() - Number(state['oldest'])
    return { lag: Number(state['lag']), pending: Number(state['pending']), oldestPendingMs }
  }
  async deleteGroup(topic: string, name: string): Promise<void> {
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
