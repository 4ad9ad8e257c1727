// Immediates of one phase share one look at the operating system's events, which costs ten times a turn.
const perPhase = 64

/** Calls `step` until it returns false; between two calls every microtask runs that there is. */
export function turns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let going = true
    const turn = (): void => {
      if (!going) return
      try {
        going = step()
      } catch (error) {
        going = false
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const phase = (): void => {
      if (!going) return resolve()
      for (let count = 0; count < perPhase; count++) setImmediate(turn)
      setImmediate(phase)
    }
    phase()
  })
}
