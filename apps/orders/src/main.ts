import { writeFile } from 'node:fs/promises'
import { setTimeout as passes } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createEventBusAdapter, EventBus, type EventBusAdapter, EventBusError } from '@bus/core'
import { findProblems, type Ledger, readLedger, sum } from './audit.ts'
import { Books } from './books.ts'
import { findBackend } from './broker.ts'
import type { ShopEvents } from './events.ts'
import type { Fact } from './fact.ts'
import { readOrders } from './orders-file.ts'
import { printFact, printLine, printTable } from './print.ts'
import { startProcesses } from './processes.ts'
import { summarize } from './summary.ts'
import type { Team } from './team.ts'
import { startTogether } from './together.ts'

const { values: options } = parseArgs({
  options: {
    /** Orders to work on, one JSON object a line. */
    orders: { type: 'string' },
    /** Where to write what happened, as JSON that is the same on every backend. */
    summary: { type: 'string' },
    /** SIGKILL for the payment process that makes the how many-th start of a charge. */
    kill: { type: 'string' },
    /** Seconds after which what has not ended counts as lost. */
    timeout: { type: 'string', default: '120' },
  },
})

const books = new Books(await readOrders(options.orders ?? new URL('../data/orders.ndjson', import.meta.url)))
const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
const startedAt = Date.now()
let killed: string | undefined

try {
  process.exitCode = (await runOnBackend()) ? 0 : 1
} catch (error) {
  // What the bus reports is meant to be read; anything else is a defect of this app.
  console.error(EventBusError.is(error) ? error.message : interrupt.signal.aborted ? 'interrupted' : error)
  process.exitCode = 1
}

async function runOnBackend(): Promise<boolean> {
  const backend = await findBackend(process.env)
  try {
    printLine('launcher', 'backend', '', '', backend.summary)
    const adapter = await createEventBusAdapter({ env: backend.environment })
    try {
      return await report(await run(adapter, backend.environment))
    } finally {
      await adapter.close()
    }
  } finally {
    await backend.stop()
  }
}

/** Lets the services work until every order has ended, and reads back what is on record then. */
async function run(adapter: EventBusAdapter, environment: NodeJS.ProcessEnv): Promise<Ledger> {
  const listen = (fact: Fact): void => {
    books.enter(fact)
    printFact(fact)
    if (isTheOneToKill(fact)) kill(team, fact)
  }
  const team = adapter.capabilities.shared
    ? await startProcesses(environment, listen)
    : await startTogether(adapter, listen)
  printLine('launcher', 'services', '', '', team.summary)
  try {
    team.place([...books.orders.values()])
    await Promise.race([books.complete, deadline(), team.failed])
  } finally {
    await team.stop()
  }
  return readLedger(new EventBus<ShopEvents>(adapter, 'auditor'))
}

function isTheOneToKill({ what, start }: Fact): boolean {
  if (options.kill === undefined || killed !== undefined || what !== 'started' || start?.group !== 'payment')
    return false
  return books.startsOf('payment', 'orders').length >= Number(options.kill)
}

function kill(team: Team, { service, orderId = '', customer = '' }: Fact): void {
  killed = service
  team.kill(service)
  printLine('launcher', 'killed', orderId, customer, `${service}, in the middle of a charge`)
}

/** What has not ended by then counts as lost. */
async function deadline(): Promise<void> {
  await passes(Number(options.timeout) * 1_000, undefined, { ref: false, signal: interrupt.signal })
}

async function report(ledger: Ledger): Promise<boolean> {
  const problems = findProblems(books, ledger, killed !== undefined)
  if (options.summary !== undefined) {
    await writeFile(options.summary, `${JSON.stringify(summarize(books, problems), undefined, 2)}\n`)
  }
  const euros = (column: ReadonlyMap<string, number>): string => (sum(column) / 100).toFixed(2)
  const mails = [...books.mails.values()]
  printTable([
    ['orders placed', ledger.placed.size],
    ['  paid', ledger.paid.size],
    ['  cancelled', ledger.cancelled.size],
    ['EUR placed', euros(ledger.placed)],
    ['  paid', euros(ledger.paid)],
    ['  cancelled', euros(ledger.cancelled)],
    ['customers told', mails.filter((mail) => mail.has('mailed')).length],
    ['  not reached', mails.filter((mail) => mail.has('undeliverable')).length],
    ['starts of handlers', books.starts.length],
    ['  that failed', books.failures.length],
    ['  interrupted by a kill', books.interrupted],
    ['dead letters', books.deadLetters.length],
    ['seconds', ((Date.now() - startedAt) / 1_000).toFixed(1)],
    ['problems', problems.length],
  ])
  for (const problem of problems) console.log(`problem: ${problem}`)
  console.log(problems.length === 0 ? '\nEvery order ended, in turn, and the books balance.' : '\nSomething is wrong.')
  return problems.length === 0
}
