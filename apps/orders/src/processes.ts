import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromService, ToService } from './protocol.ts'
import { type Name, staff } from './services/start.ts'
import type { Listen, Team } from './team.ts'

const entry = fileURLToPath(new URL('service-process.ts', import.meta.url))

/** One process for each service; they find the backend in the environment. */
export async function startProcesses(environment: NodeJS.ProcessEnv, listen: Listen): Promise<Team> {
  const failure = Promise.withResolvers<never>()
  // It is raced against whatever the launcher waits for; until then it must not count as unhandled.
  failure.promise.catch(() => {})
  const killed = new Set<string>()
  const children = new Map<string, ChildProcess>()
  for (const name of Object.keys(staff) as Name[]) {
    const child = fork(entry, [name], { env: environment })
    child.on('exit', (code, signal) => {
      if (killed.has(name) || code === 0) return
      failure.reject(new Error(`the process of ${name} ended with ${signal ?? `exit code ${code}`}`))
    })
    children.set(name, child)
  }
  const ready = [...children.values()].map((child) => readiness(child, listen))
  const stop = async (): Promise<void> => {
    const running = [...children.values()].filter(isRunning)
    for (const child of running) send(child, { kind: 'stop' })
    await Promise.all(running.map((child) => once(child, 'exit')))
  }
  try {
    await Promise.race([Promise.all(ready), failure.promise])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    summary: `${children.size} processes: ${[...children].map(([name, { pid }]) => `${name} ${pid}`).join(', ')}`,
    place: (orders) => send(children.get('order'), { kind: 'place', orders }),
    kill(service) {
      killed.add(service)
      children.get(service)?.kill('SIGKILL')
    },
    failed: failure.promise,
    stop,
  }
}

function readiness(child: ChildProcess, listen: Listen): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message: FromService) => {
      if (message.kind === 'fact') listen(message.fact)
      else resolve()
    })
  })
}

function send(child: ChildProcess | undefined, message: ToService): void {
  if (child?.connected === true) child.send(message, () => {})
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
