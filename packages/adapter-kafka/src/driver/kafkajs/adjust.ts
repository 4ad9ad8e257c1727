import type { InnerCluster, InnerConnection, InnerConnectionPool, InnerRequestQueue } from './inner.ts'

// Produce, Fetch, ListOffsets, Metadata, OffsetCommit, OffsetFetch, JoinGroup, CreateTopics. For these kafkajs turns the
// first error of an answer into a rejection and drops the rest: which partition failed, and what became of the others.
const answeredWhole: ReadonlySet<number> = new Set([0, 1, 2, 3, 8, 9, 11, 19])

const whole = async (data: unknown): Promise<unknown> => data

/**
 * Changes the connections this cluster makes, and nothing outside of it: no prototype is touched, so that an
 * application's own use of kafkajs is as it was.
 */
export function adjust(cluster: InnerCluster, fixes: boolean): void {
  const { brokerPool } = cluster
  const create = brokerPool.createBroker
  brokerPool.createBroker = (options) => {
    const { connectionPool } = options
    answerWhole(connectionPool)
    connectOnce(connectionPool)
    if (fixes) for (const { requestQueue } of connectionPool.pool) quieten(requestQueue)
    return create(options)
  }
}

function answerWhole(pool: InnerConnectionPool): void {
  const send = pool.send.bind(pool)
  pool.send = (request) =>
    send(
      answeredWhole.has(request.request.apiKey)
        ? { ...request, response: { ...request.response, parse: whole } }
        : request,
    )
}

/**
 * Two requests on a closed connection open it twice in kafkajs 2.2.4, and the first socket is never closed; each request
 * that fails closes all connections to its broker, also one that is being opened again for the next.
 */
function connectOnce(connectionPool: InnerConnectionPool): void {
  const opening = new Map<InnerConnection, Promise<unknown>>()
  for (const connection of connectionPool.pool) {
    const connect = connection.connect.bind(connection)
    connection.connect = () => {
      const known = opening.get(connection)
      if (known !== undefined) return known
      const connecting = connect().finally(() => opening.delete(connection))
      opening.set(connection, connecting)
      return connecting
    }
  }
  connectionPool.destroy = async () => {
    const others = connectionPool.pool.filter((connection) => !opening.has(connection))
    await Promise.all(others.map((connection) => connection.disconnect()))
  }
}

/**
 * kafkajs 2.2.4 arms a timer with a negative delay again and again on every idle connection: about 2 % of a core each.
 * https://github.com/tulios/kafkajs/issues/1704
 */
function quieten(queue: InnerRequestQueue): void {
  queue.scheduleCheckPendingRequests = () => {
    if (queue.throttleCheckTimeoutId !== null || queue.pending.length === 0) return
    const delay = queue.throttledUntil - Date.now()
    queue.throttleCheckTimeoutId = setTimeout(
      () => {
        queue.throttleCheckTimeoutId = null
        queue.checkPendingRequests()
      },
      delay > 0 ? delay : 10,
    )
  }
}
