import type { Consumer, Delivery, EventBusAdapter } from '../../spi/index.ts'

// Method by method: a Proxy, or an object that inherits from the adapter, would break on private fields.

/** The same adapter, but for what `overrides` has. */
export function decorate(adapter: EventBusAdapter, overrides: Partial<EventBusAdapter>): EventBusAdapter {
  const { durability, onLoss, unsettled } = adapter
  return {
    specVersion: adapter.specVersion,
    name: adapter.name,
    capabilities: adapter.capabilities,
    initialize: (signal) => adapter.initialize(signal),
    publish: (messages) => adapter.publish(messages),
    consume: (options) => adapter.consume(options),
    read: (range) => adapter.read(range),
    listTopics: () => adapter.listTopics(),
    listGroups: (topic) => adapter.listGroups(topic),
    inspect: (topic, group) => adapter.inspect(topic, group),
    deleteGroup: (topic, group) => adapter.deleteGroup(topic, group),
    ping: (signal) => adapter.ping(signal),
    close: () => adapter.close(),
    ...(durability === undefined ? {} : { durability: (signal, topics) => durability.call(adapter, signal, topics) }),
    ...(onLoss === undefined ? {} : { onLoss: (listener) => onLoss.call(adapter, listener) }),
    ...(unsettled === undefined ? {} : { unsettled: () => unsettled.call(adapter) }),
    ...overrides,
  }
}

export function decorateConsumer(consumer: Consumer, overrides: Partial<Consumer>): Consumer {
  return {
    pull: (max, signal) => consumer.pull(max, signal),
    get state() {
      return overrides.state ?? consumer.state
    },
    close: overrides.close ?? (() => consumer.close()),
    ...(overrides.pull === undefined ? {} : { pull: overrides.pull }),
  }
}

export function decorateDelivery(delivery: Delivery, overrides: Partial<Delivery>): Delivery {
  const { forward } = delivery
  return {
    message: delivery.message,
    redeliveries: delivery.redeliveries,
    note: delivery.note,
    ack: () => delivery.ack(),
    release: (note) => delivery.release(note),
    ...(forward === undefined ? {} : { forward: (copy) => forward.call(delivery, copy) }),
    ...overrides,
  }
}

/** Changes every delivery of every consumer; one that becomes `undefined` is not handed over and stays on loan. */
export function decorateDeliveries(
  adapter: EventBusAdapter,
  change: (delivery: Delivery) => Delivery | undefined,
): EventBusAdapter {
  return decorate(adapter, {
    consume: async (options) => {
      const consumer = await adapter.consume(options)
      return decorateConsumer(consumer, {
        async pull(max, signal) {
          for (;;) {
            const pulled = await consumer.pull(max, signal)
            const changed = pulled.map(change).filter((delivery) => delivery !== undefined)
            if (changed.length > 0 || pulled.length === 0) return changed
          }
        },
      })
    },
  })
}
