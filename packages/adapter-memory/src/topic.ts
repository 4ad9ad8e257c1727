import { ConfigInvalidError, PublishBacklogError, type Message, type StartFrom } from '@bus/core/spi'
import { Group, type Sharing } from './group.ts'
import type { Journal } from './journal.ts'
import { sequenceOf } from './message.ts'
import { TopicLog } from './topic-log.ts'

export interface TopicLimits {
  readonly maxHistorySize: number
  readonly maxBacklog: number
}

/** A topic's log with the groups that consume it. */
export class Topic {
  readonly name: string
  readonly log: TopicLog
  /** With those of consumers without a group; an array because every publish walks it. */
  readonly groups: Group[] = []
  /** Published, not due yet. */
  delayed = 0
  /** On their way to the disk, then to the log. */
  pending = 0
  /** Counted while a batch is checked. */
  incoming = 0
  readonly #named = new Map<string, Group>()
  readonly #maxBacklog: number

  constructor(name: string, { maxHistorySize, maxBacklog }: TopicLimits) {
    this.name = name
    this.log = new TopicLog(maxHistorySize)
    this.#maxBacklog = maxBacklog
  }

  /** @throws PublishBacklogError if some group is so far behind that `count` more are too many. */
  admit(count: number): void {
    const room = this.#maxBacklog - this.delayed - this.pending - count
    for (const group of this.groups) {
      // What comes alone is always let in, or a batch larger than the limit could never be published.
      if (group.unsettled > room && group.unsettled > 0) throw this.#backlogError(group, count)
    }
  }

  append(message: Message, now: number): void {
    this.log.append(message, now)
    for (const group of this.groups) group.unsettled++
  }

  wake(): void {
    for (const group of this.groups) group.sharing.wake()
  }

  group(name: string | undefined): Group | undefined {
    return name === undefined ? undefined : this.#named.get(name)
  }

  get groupNames(): string[] {
    return [...this.#named.keys()]
  }

  /** Without a name: a group that nobody else will find. */
  createGroup(
    name: string | undefined,
    { sharing, startFrom, journal }: { sharing: Sharing; startFrom: StartFrom; journal?: Journal | undefined },
  ): Group {
    const group = this.addGroup(name, sharing, this.#start(startFrom))
    if (name !== undefined) group.book = journal?.group(this.name, name, sharing, group.cursor)
    return group
  }

  addGroup(name: string | undefined, sharing: Sharing, start: number): Group {
    const group = new Group(this.name, this.log, sharing, start)
    sharing.groups.add(group)
    this.groups.push(group)
    this.log.readers.push(group)
    if (name !== undefined) this.#named.set(name, group)
    return group
  }

  /** Nobody is its member any more. */
  deleteGroup(group: Group): void {
    group.reset()
    group.book?.deleted()
    group.sharing.groups.delete(group)
    for (const [name, named] of this.#named) if (named === group) this.#named.delete(name)
    this.groups.splice(this.groups.indexOf(group), 1)
    this.log.readers.splice(this.log.readers.indexOf(group), 1)
  }

  #start(startFrom: StartFrom): number {
    if (startFrom === 'latest') return this.log.next
    if (startFrom === 'earliest') return this.log.earliest
    if (startFrom instanceof Date) {
      const since = startFrom.getTime()
      return this.log.history().find(({ storedAt }) => storedAt >= since)?.sequence ?? this.log.next
    }
    return Math.max(this.log.earliest, sequenceAfter(startFrom.position, 'startFrom.position'))
  }

  #backlogError(group: Group, count: number): PublishBacklogError {
    const name = [...this.#named].find(([, named]) => named === group)?.[0]
    const who = name === undefined ? 'a consumer without a group' : `the consumer group "${name}"`
    return new PublishBacklogError(
      `Publishing ${count === 1 ? 'an event' : `${count} events`} to "${this.name}" failed, nothing was stored: ${who} has ` +
        `${group.unsettled} events to handle already, and the limit (maxBacklog) is ${this.#maxBacklog}. ` +
        `Publish less, handle faster${name === undefined ? '' : ', or delete the group if nobody uses it any more'}.`,
    )
  }
}

/** @throws ConfigInvalidError if `position` is not one of this adapter. */
export function sequenceAfter(position: string, name: string): number {
  const sequence = sequenceOf(position)
  if (sequence !== undefined) return sequence + 1
  throw new ConfigInvalidError([{ name, problem: `${JSON.stringify(position)} is not a position of this adapter` }])
}
