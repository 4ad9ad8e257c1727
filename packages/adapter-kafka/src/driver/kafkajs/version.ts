import { createRequire } from 'node:module'
import type { Log } from '../../log.ts'

const known = '2.2.4'

/** What repairs defects of one version may harm another. */
export function isKnownClient(version: string | undefined, log: Log): boolean {
  if (version === undefined || version === known) return true
  log.warn(`kafkajs ${version} is installed instead of ${known}, whose defects are left as they are`)
  return false
}

/** `undefined` where that cannot be told, as in a bundle: it has the version that this package depends on. */
export function clientVersion(): string | undefined {
  try {
    return (createRequire(import.meta.url)('kafkajs/package.json') as { readonly version: string }).version
  } catch {
    return undefined
  }
}
