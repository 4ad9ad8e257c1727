import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { UsageError } from './exit-codes.ts'

/** With the variables of a file; what is set already wins, as with `node --env-file`. */
export function environment(env: NodeJS.ProcessEnv, file: string | undefined): NodeJS.ProcessEnv {
  if (file === undefined) return env
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--env-file: ${(error as Error).message}`)
  }
  return { ...parseEnv(text), ...env }
}
