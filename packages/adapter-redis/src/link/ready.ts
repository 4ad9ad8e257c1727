export interface ComingAndGoing {
  readonly ready: boolean
  onReady(listener: () => void): () => void
}

/** Resolves as soon as the connection is there; rejects once `signal` aborts. */
export async function whenReady(connection: ComingAndGoing, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (connection.ready) return
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => (): void => {
      stop()
      signal.removeEventListener('abort', aborted)
      settle()
    }
    const aborted = end(() => reject(signal.reason as Error))
    const stop = connection.onReady(end(resolve))
    signal.addEventListener('abort', aborted)
  })
}
