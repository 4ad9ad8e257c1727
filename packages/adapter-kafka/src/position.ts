/**
 * A place in a topic: time, partition and offset, filled up with zeros, so that plain text comparison puts the records
 * of all partitions in order of time. It relies on the broker's clock (`LogAppendTime`), which the adapter asks for when
 * it creates a topic.
 */
export interface Place {
  readonly time: number
  readonly partition: number
  readonly offset: number
}

export function positionOf(time: string, partition: number, offset: string): string {
  return `${time.padStart(14, '0')}-${String(partition).padStart(6, '0')}-${offset.padStart(16, '0')}`
}

/** `undefined`: not a position of this adapter. */
export function placeOf(position: string): Place | undefined {
  const found = /^(\d{14})-(\d{6})-(\d{16})$/.exec(position)
  return found === null ? undefined : { time: Number(found[1]), partition: Number(found[2]), offset: Number(found[3]) }
}
