/** Everything that is due, timers apart, has had its turn when this resolves. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
