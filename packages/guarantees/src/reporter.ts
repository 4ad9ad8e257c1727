import type { TestModule } from 'vitest/node'
import { readOutcomes, writeOutcomes, type Outcome } from './outcomes.ts'

// As `conformance()` names its groups and cases.
const group = /^(\S+): (.+ (?:interface|adapter|die))$/
const inapplicable = /^(.+) \[does not apply: (.+)\]$/

/** Keeps what the conformance suite found about each adapter. A run of only some of the cases changes nothing. */
export class GuaranteeReporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const suite of modules.flatMap(({ children }) => [...children.suites()])) {
      const [, adapter, tier] = group.exec(suite.name) ?? []
      if (adapter === undefined || tier === undefined) continue
      const found: Record<string, Outcome> = {}
      let partial = false
      for (const test of suite.children.allTests()) {
        const { state } = test.result()
        const [, name = test.name, fact] = inapplicable.exec(test.name) ?? []
        if (state === 'failed') found[name] = 'failed'
        else if (state === 'passed') found[name] = fact === undefined ? 'passed' : { fact }
        else partial = true
      }
      if (!partial) writeOutcomes(adapter, { ...readOutcomes(adapter), [tier]: found })
    }
  }
}
