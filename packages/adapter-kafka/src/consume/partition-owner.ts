import type { Partition } from './partition.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What a partition has to say to its consumer. */
export interface PartitionOwner {
  /** Whether deaths are counted, which takes a group to write them down. */
  readonly marks: boolean
  /** Nothing more is to be lent before what is done is written down; `ready` will be called. */
  readonly overdue: boolean
  /** For what comes before its time. */
  readonly room: WaitingRoom
  /** There is something to commit, soon, or before anything more can be lent. */
  changed(partition: Partition, now: boolean): void
  /** Records can be lent that could not before. */
  ready(): void
}
