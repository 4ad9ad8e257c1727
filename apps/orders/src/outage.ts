import { setTimeout as sleep } from 'node:timers/promises'
import { createEventBusAdapter, EventBus, EventBusError } from '@bus/core'
import { findProblems, readLedger } from './audit.ts'
import { balances, paymentBalance } from './balance.ts'
import { Books } from './books.ts'
import { findBackend } from './broker.ts'
import type { Order, ShopEvents } from './events.ts'
import type { Fact } from './fact.ts'
import { type as bus } from './operator.ts'
import { readOrders } from './orders-file.ts'
import { startProcesses } from './processes.ts'

// The bank does not answer, orders die, an operator sees to it. What is printed stands in docs/operations.md.
const patienceMs = 120_000
const failed = '--dlq-topic payments.failed'

const orders = await someOrders(5)
const books = new Books(orders)
const allDead = Promise.withResolvers<void>()

try {
  const backend = await findBackend(process.env)
  try {
    process.exitCode = (await outage(backend.environment)) ? 0 : 1
  } finally {
    await backend.stop()
  }
} catch (error) {
  console.error(EventBusError.is(error) ? error.message : error)
  process.exitCode = 1
}

async function outage(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const adapter = await createEventBusAdapter({ env: environment })
  const auditor = new EventBus<ShopEvents>(adapter, 'auditor')
  let balanced = true
  const balance = async (): Promise<void> => {
    const sums = await paymentBalance(auditor, adapter)
    const { published, handled, dead, pending } = sums
    console.log(`\n# ${published} published = ${handled} handled + ${dead} dead + ${pending} pending`)
    balanced &&= balances(sums)
  }
  /** What is done is also told: the backend shows nothing that still waits. */
  const atRest = async (): Promise<void> => {
    while ((await paymentBalance(auditor, adapter)).pending > 0) await sleep(50)
  }
  try {
    if (!adapter.capabilities.shared) {
      console.error('Set EVENT_BUS_ADAPTER to a backend that processes can share: redis or kafka.')
      return false
    }
    console.log(`# The certificate of the bank has expired. ${orders.length} orders come in.`)
    await withServices({ ...environment, ORDERS_BANK: 'down' }, allDead.promise.then(atRest), orders)
    await bus(`dlq ls ${failed}`, environment)
    await bus('groups orders --group payment', environment)
    await balance()
    console.log('\n# The bank has a new certificate. The services are started again.')
    await withServices(environment, books.complete.then(atRest), [], async () => {
      await bus(`dlq redrive ${failed} --error BankDownError --dry-run`, environment)
      await bus(`dlq redrive ${failed} --error BankDownError --yes`, environment)
    })
    await bus(`dlq ls ${failed}`, environment)
    await bus('groups orders --group payment', environment)
    await balance()
    const problems = findProblems(books, await readLedger(auditor), false)
    for (const problem of problems) console.log(`problem: ${problem}`)
    if (problems.length === 0) console.log('# Every order is paid, and every customer has a receipt.')
    return balanced && problems.length === 0
  } finally {
    await adapter.close()
  }
}

/** Lets the services work until something has come about. */
async function withServices(
  environment: NodeJS.ProcessEnv,
  until: Promise<void>,
  place: readonly Order[],
  meanwhile = async (): Promise<void> => {},
): Promise<void> {
  const team = await startProcesses(environment, enter)
  try {
    team.place(place)
    await meanwhile()
    await Promise.race([until, team.failed, timeout()])
  } finally {
    await team.stop()
  }
}

function enter(fact: Fact): void {
  books.enter(fact)
  if (books.deadLetters.length === orders.length) allDead.resolve()
}

/** One of each customer, which nothing but the bank stands in the way of. */
async function someOrders(count: number): Promise<Order[]> {
  const all = await readOrders(new URL('../data/orders.ndjson', import.meta.url))
  const good = all.filter(({ card, mailbox }) => card === 'ok' && mailbox === 'ok')
  return good
    .filter(({ customer }, index) => good.findIndex((order) => order.customer === customer) === index)
    .slice(0, count)
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`Nothing came about within ${patienceMs} ms.`)), patienceMs).unref()
  })
}
