/** How many slots the keys of a cluster are spread over. */
export const slotCount = 16_384

/** The slot of a key: CRC-16 (XMODEM) of its hash tag, or of all of it if it has none. */
export function slotOf(key: string): number {
  const start = key.indexOf('{')
  const end = start < 0 ? -1 : key.indexOf('}', start + 1)
  const tag = end > start + 1 ? key.slice(start + 1, end) : key
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80_00) === 0 ? crc << 1 : (crc << 1) ^ 0x10_21
    crc &= 0xff_ff
  }
  return crc % slotCount
}
