import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

/** What became of one case: `passed`, `failed`, or the fact because of which it does not apply. */
export type Outcome = 'passed' | 'failed' | { readonly fact: string }

/** By tier, then by the name of the case. */
export type Outcomes = Readonly<Record<string, Readonly<Record<string, Outcome>>>>

const folder = new URL('../../../.work/conformance/', import.meta.url)

export function readOutcomes(adapter: string): Outcomes {
  try {
    return JSON.parse(readFileSync(new URL(`${adapter}.json`, folder), 'utf8')) as Outcomes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

export function writeOutcomes(adapter: string, outcomes: Outcomes): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${adapter}.json`, folder), `${JSON.stringify(outcomes, undefined, 2)}\n`)
}
