import { EventEmitter, once } from 'node:events'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import * as spi from '@bus/core/spi'
declare module '@bus/core/spi' {
  interface AdapterOptionsMap {
    /** `file` holds the events; one process at a time can have it open. Default `events.sqlite`. */
    sqlite: { readonly file?: string | undefined }
  }
}
export const adapter: spi.AdapterDefinition<'sqlite', spi.AdapterOptionsMap['sqlite']> = {
  specVersion: 1,
  name: 'sqlite',
  optionsFromEnv: (env) => spi.readEnv(env, (reader) => ({ file: reader.string('SQLITE_FILE') })),
  create: ({ file = 'events.sqlite' }) => sqliteAdapter(file),
}
// Pending: not settled by that group; `holder` has it on loan. Who has no group is one named "~1", "~2" for its lifetime.
const schema = `
  PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, topic, key, storedAt, rest, body);
  CREATE TABLE IF NOT EXISTS groups (topic, name, PRIMARY KEY (topic, name));
  CREATE TABLE IF NOT EXISTS pending (name, id, holder, note, PRIMARY KEY (name, id)) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS fanOut AFTER INSERT ON messages BEGIN
    INSERT INTO pending SELECT name, new.id, NULL, NULL FROM groups WHERE topic = new.topic; END;
  CREATE TRIGGER IF NOT EXISTS forget AFTER DELETE ON groups BEGIN
    DELETE FROM pending WHERE name = old.name AND id IN (SELECT id FROM messages WHERE topic = old.topic); END;
  CREATE TEMP VIEW open AS SELECT * FROM pending JOIN messages USING (id);
  CREATE TEMP VIEW listed AS SELECT topic, name AS "group" FROM groups WHERE name NOT LIKE '~%';
  UPDATE pending SET holder = NULL; DELETE FROM groups WHERE name LIKE '~%';`
const values = 'NULL, value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4)'
const range = 'topic = :topic AND id > :after AND storedAt >= :since AND storedAt < :until'
const mine = 'name = :name AND topic IN (SELECT value FROM json_each(:topics))'
// A key of which another member has messages on loan is left to that member.
const lendable = `SELECT * FROM open WHERE ${mine} AND holder IS NULL AND (key IS NULL OR key NOT IN (
  SELECT key FROM open WHERE ${mine} AND holder <> :holder AND key IS NOT NULL)) ORDER BY id LIMIT :max`
type Row = Record<string, SQLInputValue>
function storedMessage({ id, storedAt, rest, body }: Row): spi.StoredMessage {
  const position = String(id).padStart(16, '0') // Compared as text, hence the zeros.
  return { ...JSON.parse(rest as string), body: body ?? new Uint8Array(), position, storedAt } as spi.StoredMessage
}
function idOf(position = '0'.repeat(16)): number {
  if (/^\d{16}$/.test(position)) return Number(position)
  throw new spi.ConfigInvalidError([{ name: 'position', problem: `"${position}" is none of this adapter` }])
}
function sqliteAdapter(file: string): spi.EventBusAdapter {
  const changes = new EventEmitter().setMaxListeners(0)
  /** What the open consumers put into their statements, by `holder`. */
  const consumers = new Map<number, Row>()
  let made = 0
  let db: DatabaseSync | 'new' | 'closed' = 'new'
  function run(sql: string, values: Row = {}): Row[] {
    if (typeof db === 'string') throw new spi.ClosedError('The SQLite adapter')
    return db.prepare(sql).all(values) as Row[]
  }
  function delivery(row: Row, holder: number): spi.Delivery {
    let open = true
    const settle = async (sql: string, note: string | null = null): Promise<void> => {
      if (!open || !consumers.has(holder)) return
      run(`${sql} WHERE name = :name AND id = :id AND holder = :holder`, { ...row, holder, note })
      open = false
      changes.emit('change')
    }
    const ack = (): Promise<void> => settle('DELETE FROM pending')
    const release = (note?: string): Promise<void> => settle('UPDATE pending SET holder = NULL, note = :note', note)
    return { message: storedMessage(row), redeliveries: 0, note: (row['note'] ?? undefined) as string, ack, release }
  }
  async function pull(holder: number, max: number, signal: AbortSignal): Promise<readonly spi.Delivery[]> {
    for (let consumer; (consumer = consumers.get(holder)) && !signal.aborted;) {
      const rows = run(lendable, { ...consumer, max })
      const lend = 'UPDATE pending SET holder = :holder WHERE name = :name AND id = :id'
      for (const { id = 0 } of rows) run(lend, { ...consumer, id })
      if (rows.length > 0) return rows.map((row) => delivery(row, holder))
      await once(changes, 'change', { signal }).catch(() => undefined)
    }
    return []
  }
  return {
    specVersion: 1,
    name: 'sqlite',
    capabilities: { durable: true, shared: false, delays: false, countsRedeliveries: 'none' },
    async initialize() {
      if (db !== 'new') return void run('SELECT 1')
      try {
        const opened = new DatabaseSync(file, { allowUnknownNamedParameters: true })
        opened.exec(schema)
        db = opened
      } catch (cause) {
        throw new spi.BackendUnavailableError(`SQLite cannot use the file "${file}": ${String(cause)}`, { cause })
      }
    },
    async publish(messages) {
      // Name by name: the core's messages are objects whose properties a spread would miss. One statement: all or none.
      const rows = messages.map(({ topic, key, headers, notBefore, body }) => {
        const rest = JSON.stringify({ topic, key, headers, notBefore })
        return [topic, key, Date.now(), rest, Buffer.from(body).toString('hex')]
      })
      try {
        run(`INSERT INTO messages SELECT ${values} FROM json_each(:rows)`, { rows: JSON.stringify(rows) })
      } catch (cause) {
        const outcomes = rows.map((_, index) => ({ index, stored: 'no' as const, cause }))
        throw cause instanceof spi.ClosedError ? cause : new spi.PublishError(String(rows[0]?.[0]), outcomes)
      }
      changes.emit('change')
    },
    async consume({ topics, group }) {
      const holder = ++made
      const name = group ?? `~${holder}`
      for (const { topic, startFrom } of topics) {
        const after = typeof startFrom === 'object' && 'position' in startFrom ? idOf(startFrom.position) : 0
        const since = startFrom instanceof Date ? startFrom.getTime() : 0
        const created = run('INSERT OR IGNORE INTO groups VALUES (:topic, :name) RETURNING name', { topic, name })
        if (created.length === 0 || startFrom === 'latest') continue
        const old = `SELECT :name, id, NULL, NULL FROM messages WHERE ${range}`
        run(`INSERT INTO pending ${old}`, { name, topic, after, since, until: Infinity })
      }
      consumers.set(holder, { name, holder, topics: JSON.stringify(topics.map(({ topic }) => topic)) })
      const close = async (): Promise<void> => {
        if (!consumers.delete(holder)) return
        run('UPDATE pending SET holder = NULL WHERE name = :name AND holder = :holder', { name, holder })
        if (group === undefined) for (const { topic } of topics) await this.deleteGroup(topic, name)
        changes.emit('change')
      }
      return { state: { status: 'ready' }, pull: (max, signal) => pull(holder, max, signal), close }
    },
    async *read({ topic, after, since = 0, until = Infinity, limit = -1 }) {
      const values = { topic, after: idOf(after), since, until, limit }
      yield* run(`SELECT * FROM messages WHERE ${range} ORDER BY id LIMIT :limit`, values).map(storedMessage)
    },
    listTopics: async () =>
      run('SELECT topic FROM messages UNION SELECT topic FROM groups').map(({ topic }) => String(topic)),
    listGroups: async (topic = '*') => run('SELECT * FROM listed WHERE topic GLOB :topic', { topic }) as never[],
    async inspect(topic, name) {
      const counts = 'count(id) - count(holder) AS lag, count(holder) AS pending'
      const age = `coalesce(${Date.now()} - min(storedAt), 0) AS oldestPendingMs`
      const from = 'groups LEFT JOIN open USING (topic, name) WHERE topic = :topic AND name = :name GROUP BY name'
      return run(`SELECT ${counts}, ${age} FROM ${from}`, { topic, name }).map((row) => ({ ...row }))[0] as never
    },
    async deleteGroup(topic, name) {
      const isMember = (one: Row): boolean => one['name'] === name && JSON.parse(String(one['topics'])).includes(topic)
      if ([...consumers.values()].some(isMember)) throw new spi.GroupInUseError(topic, name)
      run('DELETE FROM groups WHERE topic = :topic AND name = :name', { topic, name })
    },
    ping: async () => void run('SELECT 1'),
    async close() {
      consumers.clear()
      if (typeof db === 'object') db.close()
      db = 'closed'
      changes.emit('change')
    },
  }
}
