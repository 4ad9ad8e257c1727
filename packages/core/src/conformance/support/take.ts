import { AssertionError } from 'node:assert'
import type { Consumer, Delivery } from '../../spi/index.ts'
import type { CaseContext } from './context.ts'
import { within } from './deadline.ts'
import { bodies } from './messages.ts'

export interface Taken {
  readonly consumer: Consumer
  readonly delivery: Delivery
}

/** Pulls until there are `count` deliveries, and leaves them open. */
export async function take(context: CaseContext, consumer: Consumer, count: number): Promise<Delivery[]> {
  return (await takeFromAny(context, [consumer], count)).map(({ delivery }) => delivery)
}

/** Asks all members at once, because nobody can say which of them will be served. */
export async function takeFromAny(
  context: CaseContext,
  consumers: readonly Consumer[],
  count: number,
): Promise<Taken[]> {
  if (count === 0) return []
  const taken = await pullUntil(
    context,
    consumers,
    context.patienceMs,
    (so) => so.length >= count,
    consumers.length > 1 ? 1 : count,
  )
  if (taken.length < count) {
    const got = bodies(taken.map(({ delivery }) => delivery))
    throw new AssertionError({
      message: `Only ${taken.length} of ${count} messages came within ${context.patienceMs} ms: ${got.slice(0, 20).join(', ')}`,
    })
  }
  return taken
}

/** Takes and acknowledges, up to and with the message that has this body. */
export async function takeThrough(context: CaseContext, consumer: Consumer, last: string): Promise<Delivery[]> {
  const found = (taken: readonly Taken[]): boolean => bodies(taken.map(({ delivery }) => delivery)).includes(last)
  const taken = await pullUntil(context, [consumer], context.patienceMs, found, 10)
  const deliveries = taken.map(({ delivery }) => delivery)
  await Promise.all(deliveries.map((delivery) => delivery.ack()))
  if (!found(taken)) {
    throw new AssertionError({
      message: `"${last}" did not come within ${context.patienceMs} ms, only: ${bodies(deliveries).slice(0, 20).join(', ')}`,
    })
  }
  return deliveries
}

/** What comes while nothing should. */
export async function takeDuringQuiet(context: CaseContext, consumers: readonly Consumer[]): Promise<Delivery[]> {
  const taken = await pullUntil(context, consumers, context.quietMs, () => false, 10)
  return taken.map(({ delivery }) => delivery)
}

async function pullUntil(
  context: CaseContext,
  consumers: readonly Consumer[],
  limitMs: number,
  enough: (taken: readonly Taken[]) => boolean,
  max: number,
): Promise<Taken[]> {
  const taken: Taken[] = []
  const stop = new AbortController()
  const end = (): void => stop.abort()
  const timer = setTimeout(end, limitMs)
  context.signal.addEventListener('abort', end)
  const pullFrom = async (consumer: Consumer): Promise<void> => {
    while (!stop.signal.aborted) {
      const room = consumers.length > 1 ? max : Math.max(1, max - taken.length)
      const pulled = await consumer.pull(room, stop.signal)
      taken.push(...pulled.map((delivery) => ({ consumer, delivery })))
      if (enough(taken)) end()
      // A consumer that was closed answers at once, with nothing.
      else if (pulled.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  try {
    await Promise.all(consumers.map(pullFrom))
  } finally {
    end()
    clearTimeout(timer)
    context.signal.removeEventListener('abort', end)
  }
  return taken
}

/** One pull, which must bring something. */
export async function pullSome(context: CaseContext, consumer: Consumer, max: number): Promise<readonly Delivery[]> {
  const pulled = await within(context.patienceMs, 'A pull', consumer.pull(max, context.signal))
  if (pulled.length === 0)
    throw new AssertionError({ message: 'A pull that nobody had aborted resolved with nothing.' })
  return pulled
}
