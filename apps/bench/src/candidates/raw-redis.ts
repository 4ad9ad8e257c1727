import { Redis } from 'ioredis'
import { batchesOf, batchSize, type Candidate, type Payload, payloadOf, type Place, type Task } from '../measurement.ts'

// All of a batch in one command, which answers with what failed: the least that a client and the server can do.
const script = `local failed = {}
for i = 1, #ARGV do
  local reply = redis.pcall('XADD', KEYS[1], '*', 'body', ARGV[i])
  if type(reply) == 'table' and reply.err then failed[#failed + 1] = i end
end
return failed`
const scriptBatch = 250

type Row = [id: string, fields: string[]]

/** A loop written by hand: XADD by `pipeline(500)` or by script, XREADGROUP by 500, one XACK for each reply. */
export async function rawRedisCandidate(
  way: 'pipeline' | 'script',
  task: Task,
  { address, topic }: Place,
): Promise<Candidate> {
  const stream = `raw-${topic}`
  const clients = [new Redis(address), new Redis(address), new Redis(address)] as const
  const [writer, reader, acknowledger] = clients
  for (const client of clients) client.on('error', () => {})
  const payload = payloadOf(task.payloadBytes)
  const sha = (await writer.script('LOAD', script)) as string
  let open = true
  let loop = Promise.resolve()

  const byPipeline = async (count: number): Promise<void> => {
    for (const size of batchesOf(count)) {
      const pipeline = writer.pipeline()
      for (let index = 0; index < size; index++) pipeline.xadd(stream, '*', 'body', JSON.stringify(payload))
      await pipeline.exec()
    }
  }
  /** Two batches on their way: while one is executed, the next is written. */
  const byScript = async (count: number): Promise<void> => {
    let before: Promise<unknown> = Promise.resolve()
    for (const size of batchesOf(count, scriptBatch)) {
      const bodies = Array.from({ length: size }, () => JSON.stringify(payload))
      const sent = writer.evalsha(sha, 1, stream, ...bodies)
      await before
      before = sent
    }
    await before
  }

  return {
    async consume(handle, done) {
      await writer.xgroup('CREATE', stream, 'group', '$', 'MKSTREAM')
      loop = (async () => {
        while (open) {
          const reply = await reader
            .xreadgroup('GROUP', 'group', 'me', 'COUNT', batchSize, 'BLOCK', 1000, 'STREAMS', stream, '>')
            .catch(() => null)
          const rows = rowsOf(reply)
          for (const [, fields] of rows) await handle(JSON.parse(fields[1] as string) as Payload)
          // The next are read while these are acknowledged.
          if (rows.length > 0)
            void acknowledger.xack(stream, 'group', ...rows.map(([id]) => id)).then(() => done(rows.length))
        }
      })()
    },
    publish: (event) => writer.xadd(stream, '*', 'body', JSON.stringify(event)),
    publishMany: way === 'pipeline' ? byPipeline : byScript,
    async close() {
      open = false
      reader.disconnect()
      await loop
      await writer.del(stream)
      for (const client of clients) client.disconnect()
    },
  }
}

/** RESP2 answers with pairs, RESP3 with a map. */
function rowsOf(reply: unknown): Row[] {
  if (reply === null) return []
  return Array.isArray(reply)
    ? (reply[0] as [string, Row[]])[1]
    : (Object.values(reply as Record<string, Row[]>)[0] as Row[])
}
