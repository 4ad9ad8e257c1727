import { conformance } from '@bus/core/conformance'

/** The names of the cases that the suite runs, as told by the suite itself. */
export function registeredCases(): ReadonlySet<string> {
  const names = new Set<string>()
  // Where a case does not apply, its name says so; without its suffix it is the name again.
  const it = (name: string): void => void names.add(name.replace(/ \[does not apply: .+\]$/, ''))
  conformance(
    { describe: (_, body) => body(), it },
    {
      name: 'names',
      facts: {
        durable: false,
        shared: false,
        delays: false,
        countsRedeliveries: 'none',
        forwards: false,
        remote: false,
      },
      create: () => Promise.reject(new Error('Only the names of the cases are wanted.')),
    },
  )
  return names
}
