import type { Delivery, Message } from '../../spi/index.ts'
import { decorate, decorateConsumer, decorateDeliveries, decorateDelivery } from '../support/decorate.ts'
import { bodyOf } from '../support/messages.ts'
import { type Mutant, unheard } from './mutant.ts'

const isCopy = ({ topic }: Message): boolean => /\.(retry|dlq)$/.test(topic)

/** What is right as long as nothing goes wrong. */
export const failingMutants: readonly Mutant[] = [
  {
    name: 'acknowledges when the copy could not be stored',
    reason: 'The acknowledgement stands in a block that is always run.',
    killedBy: [
      'a dead letter whose copy cannot be stored stays pending, is not acknowledged, and arrives once storing works again',
      'a dead letter whose copy could not be stored until the process ended is handled by the next one',
    ],
    make(good) {
      const open = new Map<string, Delivery>()
      const watched = decorateDeliveries(good, (delivery) => {
        const { forward } = delivery
        open.set(bodyOf(delivery.message), delivery)
        if (forward === undefined) return delivery
        return decorateDelivery(delivery, {
          forward: async (copy) => {
            try {
              await forward.call(delivery, copy)
            } finally {
              await delivery.ack()
            }
          },
        })
      })
      return decorate(watched, {
        publish: (messages) =>
          good.publish(messages).catch(async (error: unknown) => {
            for (const copy of messages.filter(isCopy)) await open.get(bodyOf(copy))?.ack()
            throw error
          }),
      })
    },
  },
  {
    name: 'stops at the first message that it cannot decode',
    reason: 'It parses what it should hand over as it is, and its loop ends with the error.',
    killedBy: [
      'the body arrives byte by byte as it was published',
      'what is no event is dead-lettered at once with its original bytes, and the events behind it flow',
    ],
    make(good) {
      return decorate(good, {
        async consume(options) {
          const consumer = await good.consume(options)
          let broken = false
          return decorateConsumer(consumer, {
            async pull(max, signal) {
              const pulled = broken ? [] : await consumer.pull(max, signal)
              broken ||= pulled.some(
                ({ message }) => bodyOf(message).includes('\uFFFD') || bodyOf(message).startsWith('not json'),
              )
              if (!broken) return pulled
              await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
              return []
            },
          })
        },
      })
    },
  },
  {
    name: 'says that it is healthy, whatever happens',
    reason: 'An error of the health check was in the way of a deployment.',
    killedBy: [
      'after close everything is rejected, with an error that says so',
      'health is a round trip: true while the backend answers, false while it does not, and true again',
    ],
    make: (good) => decorate(good, { ping: (signal) => good.ping(signal).catch(() => undefined) }),
  },
  {
    name: 'never settles a publish that failed',
    reason: 'The promise belongs to a connection that is gone.',
    killedBy: [
      'after close everything is rejected, with an error that says so',
      'a publish that the backend does not take is rejected, and can be repeated with its eventId',
    ],
    make: (good) =>
      decorate(good, { publish: (messages) => good.publish(messages).catch(() => new Promise<void>(() => undefined)) }),
  },
  {
    name: 'never gives out again what a dead member had',
    reason: 'Nobody looks after the loans of others.',
    needs: { shared: true, countsRedeliveries: ['each', 'oldest'] },
    killedBy: [
      'an event whose process died less often than maxDeliveries allows is handled',
      'what killed processes were at is handled by others: nothing is lost, and every key keeps its order',
    ],
    make: (good) =>
      decorateDeliveries(good, (delivery) => {
        if (delivery.redeliveries === 0) return delivery
        unheard(delivery.ack())
        return undefined
      }),
  },
  {
    name: 'counts no deaths',
    reason: 'There was no place to keep the number.',
    needs: { shared: true, countsRedeliveries: ['each', 'oldest'] },
    killedBy: [
      'an event that killed its process too often is no longer started, and the events behind it flow',
      'an event that kills every process that handles it is buried after maxDeliveries, and its neighbours are handled',
    ],
    make: (good) => decorateDeliveries(good, (delivery) => decorateDelivery(delivery, { redeliveries: 0 })),
  },
  {
    name: 'charges a delivery for a reconnect',
    reason: 'What is lent again over a new connection looks like what a dead member had.',
    needs: { remote: true },
    killedBy: [
      'a wire that lets nothing through is noticed; when it is back all goes on, nothing is lost, and no death is counted',
    ],
    make(good) {
      let breaks = 0
      const since = new Map<string, number>()
      const watched = decorate(good, {
        ping: (signal) =>
          good.ping(signal).catch((error: unknown) => {
            breaks++
            throw error
          }),
      })
      return decorateDeliveries(watched, (delivery) => {
        const id = `${delivery.message.topic} ${delivery.message.position}`
        const before = since.get(id) ?? breaks
        since.set(id, breaks)
        return before === breaks ? delivery : decorateDelivery(delivery, { redeliveries: delivery.redeliveries + 1 })
      })
    },
  },
  {
    name: 'delivers nothing more once its connection was broken',
    reason: 'The loop ended with the error, and nobody begins another one.',
    needs: { remote: true },
    killedBy: [
      'a wire that lets nothing through is noticed; when it is back all goes on, nothing is lost, and no death is counted',
    ],
    make(good) {
      let broken = false
      const watched = decorate(good, {
        ping: (signal) =>
          good.ping(signal).catch((error: unknown) => {
            broken = true
            throw error
          }),
      })
      return decorateDeliveries(watched, (delivery) => (broken ? undefined : delivery))
    },
  },
]
