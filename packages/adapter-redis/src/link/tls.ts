import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { ConfigInvalidError, type ConfigIssue } from '@bus/core/spi'
import type { ServerSettings } from '../settings.ts'

type Files = NonNullable<ServerSettings['tlsFiles']>

const read = new WeakMap<Files, ConnectionOptions>()

/** Options of TLS with what is in the files that are named; nothing without TLS. The files are read once. */
export function tlsOptions({ tls, tlsFiles }: ServerSettings): ConnectionOptions | undefined {
  if (tlsFiles === undefined) return tls
  let fromFiles = read.get(tlsFiles)
  if (fromFiles === undefined) {
    fromFiles = contentsOf(tlsFiles)
    read.set(tlsFiles, fromFiles)
  }
  return { ...fromFiles, ...tls }
}

function contentsOf(files: Files): ConnectionOptions {
  const issues: ConfigIssue[] = []
  const contents: Record<string, Buffer> = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = files[name]
    if (path === undefined) continue
    try {
      contents[name] = readFileSync(path)
    } catch (error) {
      issues.push({ name: `redis.tlsFiles.${name}`, problem: `cannot be read: ${(error as Error).message}` })
    }
  }
  if (issues.length > 0) throw new ConfigInvalidError(issues)
  return contents
}
