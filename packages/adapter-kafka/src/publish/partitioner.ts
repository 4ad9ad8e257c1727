/** As the Java client does it, so that the same key meets the same partition whoever writes it. */
export function partitionOf(key: string | Buffer, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions
}

const m = 0x5bd1e995

/** https://github.com/apache/kafka/blob/4.1.0/clients/src/main/java/org/apache/kafka/common/utils/Utils.java */
function murmur2(data: Buffer): number {
  const { length } = data
  const tail = length & ~3
  let h = 0x9747b28c ^ length
  for (let i = 0; i < tail; i += 4) {
    let k = Math.imul(data.readInt32LE(i), m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  for (let i = length - 1; i >= tail; i--) h ^= (data[i] as number) << ((i - tail) * 8)
  if (length > tail) h = Math.imul(h, m)
  h = Math.imul(h ^ (h >>> 13), m)
  return h ^ (h >>> 15)
}
