import { describe, expect, it } from 'vitest'
import { bugs, schedules, tryOut } from '../src/planted/try-out.ts'

// Of all that can be planted, some that are found soon: `pnpm --filter @bus/simulation planted` tries out every one.
const chosen: Readonly<Record<string, readonly string[]>> = {
  retry: ['the attempt is not counted on', 'back-off is one step short', 'one retry too many'],
  settle: ['acknowledges before the copy is stored', 'what is given up is acknowledged twice as done'],
  lanes: ['without order a held event runs beside its key'],
  loans: ['the note is dropped when an event is given back'],
  'hand-over': ['a hand-over does not wait for what runs', 'a hand-over leaves those behind others'],
  drain: ['an end never comes to its deadline'],
}

describe.each(Object.entries(chosen))('a bug planted in %s', (_, names) => {
  it.concurrent.each(names)(`is found within ${schedules} schedules: %s`, { timeout: 300_000 }, async (name) => {
    const bug = bugs.find((one) => one.name === name)
    expect(bug && (await tryOut(bug))).toMatch(/^[1-9]\d* \| \S/)
  })
})
