import { Worker } from 'node:worker_threads'
import type { Finding } from './finding.ts'

export interface CampaignOptions {
  /** The first seed. */
  readonly first: number
  readonly schedules: number
  readonly workers: number
  /** Ends after so many findings. */
  readonly mostFindings?: number | undefined
  readonly progress?: ((done: number) => void) | undefined
}

export interface CampaignResult {
  readonly findings: readonly Finding[]
  readonly done: number
  readonly steps: number
}

/** What a worker is given, and what it answers. */
export interface Share {
  readonly first: number
  readonly count: number
}

export interface Yield {
  readonly findings: readonly Finding[]
  readonly done: number
  readonly steps: number
}

const shareSize = 250

/** Many schedules on several threads. Which ones fail does not depend on how they are shared out. */
export async function campaign({
  first,
  schedules,
  workers,
  mostFindings = 1,
  progress,
}: CampaignOptions): Promise<CampaignResult> {
  const findings: Finding[] = []
  const end = first + schedules
  let next = first
  let done = 0
  let steps = 0
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url), { execArgv: ['--conditions=@bus/source'] })
      const hand = (): void => {
        if (next >= end || findings.length >= mostFindings) return void worker.terminate().then(() => resolve(), reject)
        const share: Share = { first: next, count: Math.min(shareSize, end - next) }
        next += share.count
        worker.postMessage(share)
      }
      worker.on('error', reject)
      worker.on('message', (result: Yield) => {
        findings.push(...result.findings)
        done += result.done
        steps += result.steps
        progress?.(done)
        hand()
      })
      hand()
    })
  await Promise.all(Array.from({ length: workers }, work))
  return { findings: findings.toSorted((a, b) => a.seed - b.seed), done, steps }
}
