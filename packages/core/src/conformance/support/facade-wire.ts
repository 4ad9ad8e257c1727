import type { EventBusAdapter, StoredMessage } from '../../spi/index.ts'
import { decorate, decorateDeliveries, decorateDelivery } from './decorate.ts'

/** The same adapter, for a core that has nothing but the bytes: as if every message had left the process. */
export function wired(adapter: EventBusAdapter): EventBusAdapter {
  return decorate(
    decorateDeliveries(adapter, (delivery) => decorateDelivery(delivery, { message: bytesOnly(delivery.message) })),
    { read: (range) => readBytes(adapter.read(range)) },
  )
}

async function* readBytes(messages: AsyncIterable<StoredMessage>): AsyncGenerator<StoredMessage> {
  for await (const message of messages) yield bytesOnly(message)
}

function bytesOnly({
  topic,
  key,
  headers,
  body,
  notBefore,
  retention,
  position,
  storedAt,
}: StoredMessage): StoredMessage {
  return { topic, key, headers, body, notBefore, retention, position, storedAt }
}
