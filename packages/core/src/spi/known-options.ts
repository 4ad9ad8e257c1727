import { ConfigInvalidError, type ConfigIssue } from '../errors.ts'
import { nearest } from '../util/nearest.ts'

/** What `options` has that nobody knows, each with what may have been meant. Others would be ignored in silence. */
export function unknownOptions(
  options: object | undefined,
  known: Readonly<Record<string, unknown>>,
  prefix: string = '',
): ConfigIssue[] {
  const names = Object.keys(known)
  return Object.entries(options ?? {}).flatMap(([name, value]) => {
    if (value === undefined || Object.hasOwn(known, name)) return []
    const meant = nearest(name, names)
    const hint = meant === undefined ? `known are ${names.join(', ')}` : `is ${meant} meant?`
    return [{ name: prefix + name, problem: `there is no such option; ${hint}` }]
  })
}

/** @throws ConfigInvalidError */
export function assertKnown(issues: readonly ConfigIssue[]): void {
  if (issues.length > 0) throw new ConfigInvalidError(issues)
}
