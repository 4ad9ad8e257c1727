import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, where the system tells: numbers of processes are used again. */
  readonly started: string | undefined
  readonly token: string
}

// Shared by all copies of this package in the process: after a restart another process may have had our number.
const held = ((globalThis as { [key: symbol]: unknown })[Symbol.for('@bus/adapter-memory/locks')] ??=
  new Set<string>()) as Set<string>

/** Lets one adapter at a time use a directory, also across processes. */
export class DirectoryLock {
  readonly #path: string
  readonly #token: string

  private constructor(path: string, token: string) {
    this.#path = path
    this.#token = token
  }

  /** @throws Error that names the process which has it. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const path = join(directory, 'lock')
    const token = randomUUID()
    const holder: Holder = { pid: process.pid, host: hostname(), started: await startOf('self'), token }
    const mine = `${path}.${token}`
    // Before the file can be seen by another adapter of this process.
    held.add(token)
    try {
      await writeFile(mine, JSON.stringify(holder))
      if (!(await linked(mine, path))) await takeOver(mine, path)
      return new DirectoryLock(path, token)
    } catch (error) {
      held.delete(token)
      throw error
    } finally {
      await rm(mine, { force: true })
    }
  }

  async release(): Promise<void> {
    if (!held.delete(this.#token)) return
    const holder = await holderOf(this.#path)
    if (holder?.token === this.#token) await rm(this.#path, { force: true })
  }
}

/** Whoever takes over holds a second lock meanwhile: two that see the same dead holder must not both succeed. */
async function takeOver(mine: string, path: string): Promise<void> {
  const turn = `${path}.turn`
  if (!(await linked(mine, turn))) {
    const other = await holderOf(turn)
    if (other === undefined || (await isAlive(other)))
      throw new Error('another process is just taking it over; try again')
    await rm(turn, { force: true })
    if (!(await linked(mine, turn))) throw new Error('another process is just taking it over; try again')
  }
  try {
    let holder = await holderOf(path)
    if (holder === undefined) {
      // It was released just now, and whoever comes first has it.
      if (await linked(mine, path)) return
      holder = await holderOf(path)
    }
    if (holder !== undefined && (await isAlive(holder))) throw new Error(inUse(holder, path))
    await rename(mine, path)
  } finally {
    await rm(turn, { force: true })
  }
}

function inUse({ pid, host }: Holder, path: string): string {
  if (host !== hostname()) {
    return `process ${pid} on host "${host}" uses it, or did when it ended; if that process is gone, delete "${path}"`
  }
  return `process ${pid} uses it${pid === process.pid ? ' (this one)' : ''}; one adapter at a time can`
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

async function isAlive({ pid, host, started, token }: Holder): Promise<boolean> {
  if (host !== hostname()) return true
  if (pid === process.pid) return held.has(token)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // It may belong to somebody else, and be alive.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return started === undefined || started === (await startOf(String(pid)))
}

/** In ticks since the machine began; only where there is `/proc`. */
async function startOf(pid: string): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
