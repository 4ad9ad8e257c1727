import { AssertionError } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'

/** Fails if `promise` is not settled in time. */
export async function within<Value>(ms: number, what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: `${what} did not end within ${ms} ms.` })), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** For what can only be asked, not awaited. */
export async function until(ms: number, what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > end) throw new AssertionError({ message: `${what}: not so within ${ms} ms.` })
    await sleep(5)
  }
}
