import { NonRetryableError, type DeadLetter, type SubscriptionOptions } from '../../index.ts'
import type { Process, Stage } from './facade-stage.ts'
import type { Recorder } from './facade-recorder.ts'

/** A group whose handler can be repaired: until then each of its events becomes a dead letter at once. */
export interface Patient {
  readonly topic: string
  readonly seen: Recorder
  /** From now on it succeeds. */
  heal(): void
}

export async function patient(
  stage: Stage,
  { bus }: Process,
  options: SubscriptionOptions = {},
  topic: string = stage.topic(),
): Promise<Patient> {
  let ill = true
  const seen = stage.recorder(({ payload }) => {
    if (ill) throw new NonRetryableError(`no ${JSON.stringify(payload)}`)
  })
  await bus.subscribe(topic, seen.handle, { consumerGroup: 'g', useDLQ: true, ...options })
  return { topic, seen, heal: () => void (ill = false) }
}

/** Publishes 1 to `count` under a few keys, and waits until all of them are dead. */
export async function deaths({ bus, hooks }: Process, topic: string, count: number): Promise<string[]> {
  const before = hooks.deadLetter.count
  const published = await bus.publishBatch(
    topic,
    Array.from({ length: count }, (_, index) => ({
      type: index % 2 === 0 ? 'odd' : 'even',
      payload: index + 1,
      key: `k${index % 3}`,
      metadata: { correlationId: `flow-${index + 1}`, custom: { n: index + 1 } },
    })),
  )
  await hooks.deadLetter.reached(before + count)
  return published.map(({ metadata }) => metadata.eventId)
}

/** All pages of a list, as the payloads that they hold. */
export async function payloadsOf(
  { bus }: Process,
  options: Parameters<Process['bus']['deadLetters']['list']>[0],
): Promise<unknown[]> {
  return (await lettersOf({ bus }, options)).map(({ event }) => event?.payload as unknown)
}

export async function lettersOf(
  { bus }: Pick<Process, 'bus'>,
  options: Parameters<Process['bus']['deadLetters']['list']>[0],
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = []
  for (let after: string | undefined; ;) {
    const page = await bus.deadLetters.list({ ...options, after })
    found.push(...page.items)
    after = page.next
    if (after === undefined) return found
  }
}
