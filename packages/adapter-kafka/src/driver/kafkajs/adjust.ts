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
    answerWhole(options.connectionPool)
    for (const connection of options.connectionPool.pool) {
      connectOnce(connection)
      if (fixes) quieten(connection.requestQueue)
    }
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

/** Two requests on a closed connection open it twice in kafkajs 2.2.4; the first socket is then never closed. */
function connectOnce(connection: InnerConnection): void {
  const connect = connection.connect.bind(connection)
  let connecting: Promise<unknown> | undefined
  connection.connect = () =>
    (connecting ??= connect().finally(() => {
      connecting = undefined
    }))
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
