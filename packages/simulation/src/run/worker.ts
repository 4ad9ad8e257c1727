import { parentPort } from 'node:worker_threads'
import type { Share, Yield } from './campaign.ts'
import { type Finding, search } from './finding.ts'

// A share is finished even when something is found: so the first finding of a campaign is always the same.
parentPort?.on('message', (share: Share) => {
  const findings: Finding[] = []
  void search(share.first, share.count, (finding) => findings.push(finding) > 0).then(({ done, steps }) => {
    const result: Yield = { findings, done, steps }
    parentPort?.postMessage(result)
  })
})
