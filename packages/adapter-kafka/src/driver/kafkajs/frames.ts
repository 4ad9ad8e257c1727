const lengthBytes = 4

/**
 * Gives on whole answers only, each with its length before it; `broken` is called, and nothing more is given on, when
 * there is no length where one has to be: this is not Kafka's protocol.
 * https://kafka.apache.org/protocol.html#protocol_common
 */
export function wholeFrames(give: (frame: Buffer) => void, broken: () => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = []
  let held = 0
  /** Of the frame that `chunks` begins with; as far as is known. */
  let needed = lengthBytes
  let ended = false

  return (bytes) => {
    if (ended) return
    chunks.push(bytes)
    held += bytes.length
    while (held >= needed) {
      const joined = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      const length = joined.readInt32BE(0)
      if (length < 0) {
        ended = true
        chunks = []
        return broken()
      }
      needed = lengthBytes + length
      if (held < needed) {
        chunks = [joined]
        return
      }
      give(joined.subarray(0, needed))
      chunks = held === needed ? [] : [joined.subarray(needed)]
      held -= needed
      needed = lengthBytes
    }
  }
}
