// Runs beside the process that started brokers and outlives it: when its standard input ends, whatever was not stopped is removed.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const kept = new Set<string>()

const remove: Record<string, (value: string) => void> = {
  process: (pid) => process.kill(Number(pid), 'SIGKILL'),
  container: (id) => spawnSync('docker', ['rm', '--force', '--volumes', id]),
  network: (id) => spawnSync('docker', ['network', 'rm', id]),
  directory: (path) => rmSync(path, { recursive: true, force: true }),
}

for await (const line of createInterface({ input: process.stdin })) {
  const entry = line.slice(1)
  if (line.startsWith('+')) kept.add(entry)
  else kept.delete(entry)
}

// A network in use cannot be removed, and a server that still runs would write into its directory again.
const order = Object.keys(remove)
const kindOf = (entry: string): string => entry.slice(0, entry.indexOf(' '))
for (const entry of [...kept].toSorted((a, b) => order.indexOf(kindOf(a)) - order.indexOf(kindOf(b)))) {
  try {
    remove[kindOf(entry)]?.(entry.slice(entry.indexOf(' ') + 1))
  } catch {
    // It ended by itself in the meantime.
  }
}
