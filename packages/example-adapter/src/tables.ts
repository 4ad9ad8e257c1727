import type { SQLInputValue } from 'node:sqlite'
import { ConfigInvalidError } from '@bus/core/spi'
import type * as spi from '@bus/core/spi'

// `pending` has what a group has not settled yet; `holder` is the consumer that has it on loan. When a process begins,
// nothing is on loan any more, and its predecessor's consumers without a group (named "~1", "~2") are forgotten.
export const schema: string = `
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
  UPDATE pending SET holder = NULL;
  DELETE FROM pending WHERE name LIKE '~%';
  DELETE FROM groups WHERE name LIKE '~%';`
export const mine: string = 'name = :name AND topic IN (SELECT value FROM json_each(:topics))'
// A key of which another member has messages on loan is left to that member.
export const lendable: string = `SELECT * FROM open WHERE ${mine} AND holder IS NULL
  AND (key IS NULL OR key NOT IN (SELECT key FROM open WHERE ${mine} AND holder <> :holder AND key IS NOT NULL))
  ORDER BY id LIMIT :max`
export const range: string = 'topic = :topic AND id > :after AND storedAt >= :since AND storedAt < :until'

export type Row = Record<string, SQLInputValue>

export function storedMessage({ id, storedAt, rest, body }: Row): spi.StoredMessage {
  const position = String(id).padStart(16, '0') // Compared as text, hence the zeros.
  return { ...JSON.parse(rest as string), body: body ?? new Uint8Array(), position, storedAt } as spi.StoredMessage
}
export function idOf(position: string): number {
  if (/^\d{16}$/.test(position)) return Number(position)
  throw new ConfigInvalidError([{ name: 'position', problem: `${JSON.stringify(position)} is none of this adapter` }])
}
