import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventBus, handleSignals, type Logger, type SubscriptionOptions } from '../../index.ts'
import type { EventBusAdapter, Message } from '../../spi/index.ts'
import { decorate, decorateDeliveries, decorateDelivery } from './decorate.ts'

/** What a member in a process of its own is to do. */
export interface MemberTask {
  readonly topic: string
  readonly options: SubscriptionOptions
  /** Milliseconds that each event takes. */
  readonly workMs: number
  /** Kills its process when a copy was stored, before anything else happens. */
  readonly diesAfterCopy?: boolean
}

/** What it says while it is at it. */
export interface MemberStep {
  readonly what: 'ready' | 'start' | 'end'
  readonly payload?: string
  readonly key?: string | undefined
  readonly attempt?: number
}

/** The payload whose handler kills its process, and the one whose handler throws. */
export const killer = 'kills'
export const failure = 'fails'

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

// Written at once: it has to be read even if the process dies the moment after.
function say(step: MemberStep): void {
  writeSync(1, `${JSON.stringify(step)}\n`)
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

function dyingAfterCopy(adapter: EventBusAdapter): EventBusAdapter {
  const isCopy = ({ topic }: Message): boolean => topic.endsWith('.dlq')
  return decorate(
    decorateDeliveries(adapter, (delivery) => {
      const { forward } = delivery
      if (forward === undefined) return delivery
      return decorateDelivery(delivery, { forward: (copy) => forward.call(delivery, copy).then(die) })
    }),
    { publish: (messages) => adapter.publish(messages).then(() => (messages.some(isCopy) ? die() : undefined)) },
  )
}

/** A member of a group, which is this whole process: for `Subject.spawn`. Ends by itself after SIGTERM. */
export async function memberProcess(adapter: EventBusAdapter, task: string): Promise<void> {
  const { topic, options, workMs, diesAfterCopy = false } = JSON.parse(task) as MemberTask
  const bus = new EventBus(diesAfterCopy ? dyingAfterCopy(adapter) : adapter, 'conformance', { logger: silent })
  handleSignals(bus, { after: () => adapter.close(), logger: silent })
  await bus.subscribe(
    topic,
    async ({ payload }, { key, attempt }) => {
      say({ what: 'start', payload, key, attempt })
      if (payload === killer) await die()
      if (payload === failure) throw new Error('no')
      await sleep(workMs)
      say({ what: 'end', payload })
    },
    options,
  )
  while (!(await bus.getHealth()).ready) await sleep(20)
  say({ what: 'ready' })
}
