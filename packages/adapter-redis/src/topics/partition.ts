/** FNV-1a (32 bits) over the key's UTF-8 bytes, folded once. Part of the wire format: never changes. */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x81_1c_9d_c5
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code > 0x7f) return hashOf(Buffer.from(key)) % partitions
    hash = Math.imul(hash ^ code, 0x01_00_01_93)
  }
  return fold(hash) % partitions
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0x81_1c_9d_c5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01_00_01_93)
  return fold(hash)
}

function fold(hash: number): number {
  return (hash ^ (hash >>> 16)) >>> 0
}
