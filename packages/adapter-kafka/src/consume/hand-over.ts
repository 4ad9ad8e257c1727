import type { ConsumeOptions } from '@bus/core/spi'
import { pause } from '../pause.ts'
import type { Partition } from './partition.ts'

/**
 * Takes back what is on loan of `partitions`: what was not begun at once, what runs when it has come to its end. Resolves
 * when nothing is, or after `ms`, or when `stop` aborts.
 */
export async function handOver(
  partitions: readonly Partition[],
  handover: ConsumeOptions['handover'],
  ms: number,
  stop: AbortSignal,
): Promise<void> {
  const open = partitions.flatMap((partition) => [...partition.loans()])
  if (open.length === 0) return
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), ms)
  const deadline = AbortSignal.any([over.signal, stop])
  const handedOver = handover?.(open, deadline).catch(() => {}) ?? allSettled(partitions, deadline)
  await Promise.race([
    handedOver,
    new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve(), { once: true })),
  ])
  clearTimeout(timer)
}

async function allSettled(partitions: readonly Partition[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted && partitions.some(({ lent }) => lent > 0)) await pause(10, signal)
}
