import { setTimeout as passes } from 'node:timers/promises'
import { EventBus, type EventBusAdapter, type Logger } from '@bus/core'
import type { ShopEvents } from '../events.ts'
import type { Report } from '../fact.ts'
import { startMailService } from './mail.ts'
import { startOrderService } from './order.ts'
import { startPaymentService } from './payment.ts'
import type { Service, Shop } from './service.ts'

const kinds = { order: startOrderService, payment: startPaymentService, mail: startMailService }

/** Every service by the name of its process; the two payment services share one consumer group. */
export const staff = { order: 'order', 'payment-1': 'payment', 'payment-2': 'payment', mail: 'mail' } as const
export type Name = keyof typeof staff

export interface RunningService extends Service {
  readonly bus: EventBus<ShopEvents>
}

/** Resolves when the service gets events. */
export async function startService(name: Name, adapter: EventBusAdapter, report: Report): Promise<RunningService> {
  const bus = new EventBus<ShopEvents>(adapter, name, { logger: loggerFor(report) })
  keepJournal({ bus, report })
  const service = await kinds[staff[name]]({ bus, report })
  // A group that is still being formed works as well; but then one of its members might do all the work.
  while (!(await bus.getHealth()).ready) await passes(20)
  return { ...service, bus }
}

/** Every start of every handler is a fact. Events of one order share its id as their correlation id, which handlers pass on. */
function keepJournal({ bus, report }: Shop): void {
  bus.use(async ({ type, metadata }, { topic, consumerGroup = '', attempt, key }, next) => {
    const about = { orderId: metadata.correlationId, customer: key }
    const start = { group: consumerGroup, topic, type, attempt }
    report('started', about, { start })
    try {
      await next()
      report('ended', about, { start })
    } catch (error) {
      report('failed', about, { start, note: `start ${attempt}: ${(error as Error).message}` })
      throw error
    }
  })
}

/** Dead letters are a warning to the bus; here they are reported by those who look after them. */
function loggerFor(report: Report): Logger {
  const tell = (message: string, fields?: Readonly<Record<string, unknown>>): void =>
    report('warning', {}, { note: `${message} ${JSON.stringify(fields ?? {})}` })
  return { debug: () => {}, info: () => {}, warn: () => {}, error: tell }
}
