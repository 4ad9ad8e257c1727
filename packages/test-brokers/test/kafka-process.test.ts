import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startKafka } from '../src/index.ts'

const API_VERSIONS = 18
const CORRELATION_ID = 7

/** Asks for the API versions (version 0) over a bare socket; the answer repeats our correlation id. */
async function apiVersions(broker: string): Promise<number> {
  const [host, port] = broker.split(':') as [string, string]
  const request = Buffer.alloc(14)
  request.writeInt32BE(10, 0)
  request.writeInt16BE(API_VERSIONS, 4)
  request.writeInt32BE(CORRELATION_ID, 8)
  request.writeInt16BE(-1, 12)
  const socket = connect(Number(port), host)
  socket.write(request)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.readInt32BE(4)
}

test('the Kafka of this run answers, and stop leaves it alone', async () => {
  const kafka = await startKafka()
  expect(kafka.how).toBe('address')
  await kafka.stop()
  expect(await apiVersions(kafka.brokers[0] as string)).toBe(CORRELATION_ID)
})

test('three private nodes answer, one can be killed and restarted, and none is left after stop', async () => {
  const kafka = await startKafka({ how: 'process', brokers: 3 })
  const pids = kafka.nodes.map(({ pid }) => pid as number)
  expect(await Promise.all(kafka.brokers.map(apiVersions))).toEqual([CORRELATION_ID, CORRELATION_ID, CORRELATION_ID])

  const [node] = kafka.nodes
  await node?.kill()
  await expect(apiVersions(node?.address ?? '')).rejects.toThrow('ECONNREFUSED')
  await node?.restart()
  expect(await apiVersions(node?.address ?? '')).toBe(CORRELATION_ID)

  await kafka.stop()
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
