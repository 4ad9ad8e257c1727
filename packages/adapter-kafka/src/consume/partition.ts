import type { Delivery } from '@bus/core/spi'
import type { Committed, LogRecord } from '../driver/driver.ts'
import { notBeforeOf } from '../stored-message.ts'
import { type CommitNote, decodeNote, encodeNote, nothingNoted } from './commit-metadata.ts'
import { Deaths } from './deaths.ts'
import { Loan } from './loan.ts'
import { OffsetTracker, type Run, Slot } from './offset-tracker.ts'
import type { PartitionOwner } from './partition-owner.ts'
import { alone, sizeOf } from './records.ts'
import type { Waiting } from './waiting-room.ts'

/** Fetching stops while so much waits to be lent. */
const enoughRecords = 500
const enoughBytes = 1024 * 1024

/** More do not fit into what travels with an offset, however they are written. */
const mostRuns = 12_000

/** Which record the count of starts is about, see {@link CommitNote}. */
type MarkedCommit = Committed & { readonly starts: number; readonly mark: number }

export type PartitionName = Pick<Partition, 'topic' | 'name' | 'id' | 'topicId'>

/** One partition while this consumer has it: what was fetched, what is on loan, what is done. */
export class Partition {
  /** As the bus calls the topic. */
  readonly topic: string
  /** As the cluster calls it. */
  readonly name: string
  readonly id: number
  /** Which of the topics of this name its offsets are of; `undefined`: not known. */
  topicId: string | undefined
  /** Nobody else can have it. */
  held = true
  /** Nothing more is lent: it is about to be given up. */
  leaving = false
  /** What is still on loan is not to be counted any more: it comes to an orderly end. */
  ending = false
  /** What the group was told last. */
  stored: Committed | undefined
  /** What it was told, or may have been if there was no answer. */
  sent: Committed | undefined
  readonly #owner: PartitionOwner
  #tracker = new OffsetTracker()
  #deaths: Deaths
  #position: number
  #ahead: Run[]
  #notes: Map<number, string>
  #storedStarts: number
  #storedMark: number | undefined
  #bytes = 0
  #lost = false
  #wantsMark = false
  /** Something was lent, and that was written down before. */
  #begun = false

  constructor(owner: PartitionOwner, { topic, name, id, topicId }: PartitionName, start: number, stored?: Committed) {
    this.#owner = owner
    this.topic = topic
    this.name = name
    this.id = id
    this.topicId = topicId
    this.#position = start
    this.stored = stored
    const note = stored === undefined ? nothingNoted : decodeNote(stored.offset, stored.metadata)
    this.#deaths = new Deaths(note.mark ?? start, note)
    this.#storedStarts = note.starts
    this.#storedMark = stored === undefined ? undefined : (note.mark ?? stored.offset)
    this.#ahead = [...note.done]
    this.#notes = new Map(note.notes)
  }

  /** The next offset to fetch. */
  get position(): number {
    return this.#position
  }

  get lost(): boolean {
    return this.#lost
  }

  get hungry(): boolean {
    if (this.#tracker.early > 0 && this.#owner.room.full) return false
    return this.#tracker.waiting < enoughRecords && this.#bytes < enoughBytes && this.held && !this.leaving
  }

  /** How many are not lent, those included that wait for their time. */
  get waiting(): number {
    return this.#tracker.waiting + this.#tracker.early
  }

  get lent(): number {
    return this.#tracker.lent
  }

  /** The lowest offset that is not done. */
  low(): number {
    return this.#tracker.low() ?? this.#position
  }

  /** All records that are here, from the lowest that is not done. */
  get slots(): Iterable<Slot> {
    return this.#tracker
  }

  /** `next`: where to go on, which may be beyond the last of `records`. */
  add(records: readonly LogRecord[], next: number): void {
    const now = Date.now()
    for (const record of records) {
      const offset = Number(record.offset)
      if (this.#doneAlready(offset)) {
        this.#tracker.add(new Slot(offset, undefined))
        continue
      }
      const slot = new Slot(offset, record)
      if (this.#notes.size > 0) slot.note = this.#notes.get(offset)
      const due = notBeforeOf(record) ?? 0
      if (due > now) this.#wait(slot, record, due, now)
      else this.#bytes += sizeOf(record)
      this.#tracker.add(slot)
    }
    this.#position = next
    // Nothing to lend, and yet there is progress: markers of transactions, or records that were done already.
    if (this.#tracker.waiting === 0) this.#owner.changed(this, false)
  }

  /** Adds to `loans` until there are `max`. */
  lend(max: number, loans: Delivery[]): void {
    if (!this.held || this.leaving || this.#tracker.waiting === 0 || this.#owner.overdue) return
    let room = max - loans.length
    const low = this.#lowDue()
    // The first loan too: or else what kills at once would never leave a mark.
    if (this.#owner.marks && (!this.#begun || this.#deaths.cautious(low))) {
      const careful = this.#deaths.careful(low)
      if (careful && this.#tracker.lent > 0) return
      if (!this.#marked(low)) {
        this.#wantsMark = true
        this.#owner.changed(this, true)
        return
      }
      if (careful) room = Math.min(room, 1)
      this.#begun = true
    }
    while (room-- > 0) {
      const slot = this.#tracker.take()
      if (slot === undefined) return
      this.#bytes -= sizeOf(slot.record as LogRecord)
      loans.push(new Loan(this, slot))
    }
    this.#owner.changed(this, false)
  }

  ack(slot: Slot): void {
    slot.loan = undefined
    this.#tracker.settle(slot)
    this.#owner.changed(this, false)
    if (!this.#deaths.none && this.#deaths.cautious(this.#lowDue())) this.#owner.ready()
  }

  release(slot: Slot, note: string | undefined): void {
    slot.loan = undefined
    slot.note = note
    this.#bytes += sizeOf(slot.record as LogRecord)
    this.#tracker.giveBack(slot)
    this.#owner.changed(this, false)
    this.#owner.ready()
  }

  /** The time of one that waited has come. */
  due(slot: Waiting['slot']): void {
    this.#bytes += sizeOf(slot.record)
    this.#tracker.due(slot)
  }

  /** Takes one that waits for its time, which is to go on waiting elsewhere. */
  takeEarly(slot: Waiting['slot']): Loan {
    this.#tracker.takeEarly(slot)
    slot.early.moves = true
    return new Loan(this, slot)
  }

  /** It could not. */
  giveBackEarly(waiting: Waiting): void {
    const { slot } = waiting
    if (slot.loan === undefined) return
    slot.loan = undefined
    slot.early.moves = false
    this.#tracker.giveBackEarly(slot)
    this.#owner.room.add(waiting)
  }

  deathsOf(offset: number): number {
    return this.#deaths.of(offset)
  }

  /** In order of their offsets. */
  *loans(): Generator<Delivery> {
    for (const { loan, early } of this.#tracker.open()) if (loan !== undefined && early?.moves !== true) yield loan
  }

  /** What to tell the group. */
  commit(maxBytes: number): MarkedCommit {
    const offset = this.low()
    const mark = this.#lowDue()
    const begun = this.#owner.marks && !this.ending && (this.#wantsMark || this.#tracker.lent > 0)
    const reach = this.#wantsMark ? this.#deaths.reachOf(mark, this.#position - 1) : (this.#tracker.reach() ?? mark)
    const count = this.#deaths.note(mark, begun, this.#tracker.lent, reach)
    const note: CommitNote = { ...count, topicId: this.topicId, mark, done: this.#doneRuns(), notes: this.#openNotes() }
    return {
      topic: this.name,
      partition: this.id,
      offset,
      metadata: encodeNote(offset, note, maxBytes),
      starts: count.starts,
      mark,
    }
  }

  committed(commit: MarkedCommit): void {
    this.stored = commit
    this.#storedStarts = commit.starts
    this.#storedMark = commit.mark
    if (!this.#wantsMark) return
    this.#wantsMark = false
    this.#owner.ready()
  }

  /** Another offset than the next one: records are gone. */
  moveTo(offset: number): void {
    if (offset < this.#position) this.beginAnew(offset)
    this.#position = offset
    this.#owner.changed(this, false)
  }

  /** In another log: nothing of what was known of this one holds. */
  beginAnew(offset: number): void {
    this.#forget()
    this.#tracker = new OffsetTracker()
    this.#deaths = new Deaths(offset, nothingNoted)
    this.#bytes = 0
    this.#ahead = []
    this.#notes.clear()
    this.#position = offset
    this.#owner.changed(this, false)
  }

  /** What it lent is no longer ours; settling it changes nothing. */
  lose(): void {
    this.#lost = true
    this.held = false
    this.#forget()
  }

  #wait(slot: Slot, record: LogRecord, due: number, since: number): void {
    slot.record = alone(record)
    slot.early = { due, since, waits: true, moves: false }
    this.#owner.room.add({ partition: this, slot: slot as Waiting['slot'], bytes: sizeOf(record) })
  }

  #lowDue(): number {
    return this.#tracker.lowDue() ?? this.#position
  }

  #forget(): void {
    if (this.#tracker.early > 0) this.#owner.room.takeOut(({ partition }) => partition === this)
    for (const slot of this.#tracker.open()) slot.loan = undefined
  }

  #marked(low: number): boolean {
    return this.#storedMark === low && this.#storedStarts === this.#deaths.of(low) + 1
  }

  #doneAlready(offset: number): boolean {
    while (this.#ahead.length > 0 && (this.#ahead[0] as Run)[1] < offset) this.#ahead.shift()
    const run = this.#ahead[0]
    return run !== undefined && run[0] <= offset
  }

  #doneRuns(): readonly Run[] {
    const runs = this.#tracker.doneRuns(mostRuns)
    return this.#ahead.length === 0 ? runs : [...runs, ...this.#ahead.filter(([, last]) => last >= this.#position)]
  }

  #openNotes(): CommitNote['notes'] {
    const notes: [number, string][] = []
    for (const { offset, note } of this.#tracker.noted()) notes.push([offset, note as string])
    for (const [offset, note] of this.#notes) if (offset >= this.#position) notes.push([offset, note])
    return notes
  }
}
