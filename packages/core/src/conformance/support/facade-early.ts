import type { EventBusAdapter, Message, StoredMessage } from '../../spi/index.ts'
import { decorate, decorateDeliveries, decorateDelivery } from './decorate.ts'

const hiddenTime = 'x-conformance-not-before'

/** The same adapter, for a core that has to wait itself: everything comes at once, with the time at which it is wanted. */
export function impatient(adapter: EventBusAdapter): EventBusAdapter {
  const early = decorateDeliveries(adapter, (delivery) => {
    const { forward } = delivery
    return decorateDelivery(delivery, {
      message: shown(delivery.message),
      ...(forward === undefined ? {} : { forward: (copy) => forward.call(delivery, hidden(copy)) }),
    })
  })
  return decorate(early, { publish: (messages) => adapter.publish(messages.map(hidden)) })
}

function hidden(message: Message): Message {
  const { topic, key, headers, body, notBefore, retention } = message
  if (notBefore === undefined) return message
  return { topic, key, headers: { ...headers, [hiddenTime]: String(notBefore) }, body, retention }
}

function shown(message: StoredMessage): StoredMessage {
  const { [hiddenTime]: time, ...headers } = message.headers
  if (time === undefined) return message
  const { topic, key, body, retention, position, storedAt } = message
  return { topic, key, headers, body, retention, position, storedAt, notBefore: Number(time) }
}
