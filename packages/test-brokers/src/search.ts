/** How a broker came to be there. */
export type How = 'address' | 'docker' | 'process'

/** This way is not possible on this machine; the message says why. */
export class NotPossibleError extends Error {}

interface Ways<T> {
  readonly name: string
  /** Undefined when the environment names no address. */
  readonly address: (() => T) | undefined
  readonly docker: () => Promise<T>
  readonly process: () => Promise<T>
  readonly forced: 'docker' | 'process' | undefined
  /** What to do when no way works. */
  readonly advice: string
}

/** An address in the environment, else a Docker engine, else a process of our own; says which one it took. */
export async function findBroker<T extends { readonly how: How; readonly summary: string }>(ways: Ways<T>): Promise<T> {
  const tried: string[] = []
  const attempts = ways.address && !ways.forced ? [ways.address] : forcedOr(ways)
  for (const attempt of attempts) {
    try {
      const broker = await attempt()
      announce(`${ways.name}: ${[...tried, broker.summary].join('; ')}`, broker.how)
      return broker
    } catch (error) {
      if (!(error instanceof NotPossibleError)) throw error
      tried.push(error.message)
    }
  }
  throw new Error(`${ways.name}: no broker to test on (${tried.join('; ')}). ${ways.advice}`)
}

function forcedOr<T>({ forced, docker, process: own }: Ways<T>): (() => Promise<T>)[] {
  const way = forced ?? forcedByEnvironment()
  if (way === 'docker') return [docker]
  if (way === 'process') return [own]
  return [docker, own]
}

function forcedByEnvironment(): 'docker' | 'process' | undefined {
  const way = process.env['BUS_TEST_BROKERS'] || undefined
  if (way === undefined || way === 'docker' || way === 'process') return way
  throw new Error(`BUS_TEST_BROKERS is "${way}"; expected docker or process`)
}

function announce(line: string, how: How): void {
  // Every test file finds the address that the run's setup has announced already.
  if (how === 'address' && process.env['VITEST_WORKER_ID']) return
  process.stderr.write(`${line}\n`)
}
