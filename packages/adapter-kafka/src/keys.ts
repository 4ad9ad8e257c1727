import { isUtf8 } from 'node:buffer'

const marker = 'base64:'
/** What bytes that are no text become when they are read as text. */
const replacement = '\uFFFD'

/**
 * The key as the bus knows it. What others wrote may be no text; two such keys are not to become one (but one
 * and a text that looks just like what it becomes).
 */
export function keyText(bytes: Buffer): string {
  const text = bytes.toString()
  return text.includes(replacement) && !isUtf8(bytes) ? marker + bytes.toString('base64') : text
}

/** The key as the cluster knows it: a copy has the key, and hence the partition, of what it is a copy of. */
export function keyBytes(key: string): string | Buffer {
  if (!key.startsWith(marker)) return key
  const bytes = Buffer.from(key.slice(marker.length), 'base64')
  return isUtf8(bytes) || keyText(bytes) !== key ? key : bytes
}
