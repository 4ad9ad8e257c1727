import { Redis } from 'ioredis'
import { type Candidate, payload, type Task } from '../measurement.ts'

const batch = 500

/** A loop written by hand: `pipeline(500)` of XADD, XREADGROUP by 500, one XACK for each reply. */
export async function rawRedisCandidate(task: Task): Promise<Candidate> {
  const stream = `raw-${process.pid}`
  const [writer, reader, acknowledger] = [new Redis(task.address), new Redis(task.address), new Redis(task.address)]
  await writer.xgroup('CREATE', stream, 'group', '$', 'MKSTREAM')
  const publish = async (events: number): Promise<void> => {
    for (let start = 0; start < events; start += batch) {
      const pipeline = writer.pipeline()
      for (let index = start; index < Math.min(start + batch, events); index++)
        pipeline.xadd(stream, '*', 'body', JSON.stringify(payload))
      await pipeline.exec()
    }
  }
  const consume = async (events: number): Promise<void> => {
    for (let left = events; left > 0;) {
      const reply = await reader.xreadgroup(
        'GROUP',
        'group',
        'me',
        'COUNT',
        batch,
        'BLOCK',
        1000,
        'STREAMS',
        stream,
        '>',
      )
      const rows = rowsOf(reply)
      for (const [, fields] of rows) await handle(JSON.parse(fields[1] as string))
      if (rows.length > 0) await acknowledger.xack(stream, 'group', ...rows.map(([id]) => id))
      left -= rows.length
    }
  }
  return {
    run: async (events) => void (await Promise.all([publish(events), consume(events)])),
    close: async () => {
      await writer.del(stream)
      for (const client of [writer, reader, acknowledger]) client.disconnect()
    },
  }
}

type Row = [id: string, fields: string[]]

/** RESP2 answers with pairs, RESP3 with a map. */
function rowsOf(reply: unknown): Row[] {
  if (reply === null) return []
  return Array.isArray(reply)
    ? (reply[0] as [string, Row[]])[1]
    : (Object.values(reply as Record<string, Row[]>)[0] as Row[])
}

async function handle(_event: unknown): Promise<void> {}
