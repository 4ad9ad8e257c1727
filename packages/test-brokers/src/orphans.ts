import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export type OrphanKind = 'process' | 'container' | 'network' | 'directory'

let reaper: Writable | undefined

/**
 * Has something removed when this process is gone, however it ends: an exit, Ctrl-C or a SIGKILL all close the pipe.
 * The returned function takes it off the list again.
 */
export function removeWhenOrphaned(kind: OrphanKind, value: string | number): () => void {
  reaper ??= startReaper()
  reaper.write(`+${kind} ${value}\n`)
  return () => {
    reaper?.write(`-${kind} ${value}\n`)
  }
}

function startReaper(): Writable {
  const script = fileURLToPath(new URL('reaper.ts', import.meta.url))
  // Detached, so that a Ctrl-C in the terminal does not end it before its work begins.
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  const pipe = child.stdin as Writable & { unref(): void }
  pipe.unref()
  // Without it a lost reaper would end the test run.
  pipe.on('error', () => {})
  return pipe
}
