import type { TopicKeys } from '../topics/keys.ts'
import { isLower, lastIdBefore } from '../topics/position.ts'
import type { Loan } from './delivery.ts'

/**
 * `fresh`: give out what is new. `page`: first go through what is on loan under our name already. `left`: a dead
 * member's loans come first.
 */
export type Mode = 'fresh' | 'page' | 'left'

/** A partition of the group that this member owns, in all its topics. */
export interface Share {
  readonly partition: number
  /** Shown with everything that is done to it. */
  readonly token: string
  readonly streams: readonly LoanStream[]
  /** It is being handed over: nothing of it is lent any more. */
  leaving: AbortController | undefined
  lost: boolean
}

/** One stream as one consumer sees it: how far it has read, and what it has on loan. */
export class LoanStream {
  readonly topic: TopicKeys
  readonly key: string
  /** 0 for the one without keys, then the partitions. */
  readonly number: number
  /** Lent to the core and not settled, by id. */
  readonly open: Map<string, Loan> = new Map()
  /** Given back, to be lent again by this member: in order of id. */
  again: Loan[] = []
  mode: Mode = 'fresh'
  /** In the modes `page` and `left`: the last id that was looked at. */
  cursor = '-'
  /** In mode `page`: on loan already when it began. */
  known: ReadonlySet<string> | undefined
  /** There may be something new. */
  hot = true
  /** The last reply was a large one. */
  busy = false
  /** Everything up to here was given out, as far as this consumer knows. */
  last = '0-0'
  share: Share | undefined
  /** In the stream without keys: there may be something that was given back. */
  free = false
  /** In the stream without keys: there may be something that was lost with a member. */
  orphans = false
  /** In the stream without keys: there may be something that was lost more than once. */
  suspects = false
  #brokeAt: number | undefined

  constructor(topic: TopicKeys, key: string, number: number) {
    this.topic = topic
    this.key = key
    this.number = number
  }

  /** The partition as scripts want it: '' for the stream without keys. */
  get partition(): number | '' {
    return this.number === 0 ? '' : this.number - 1
  }

  /** How far the group has come is not known exactly: others read here as well. */
  get asks(): boolean {
    return this.number === 0
  }

  get token(): string {
    return this.share?.token ?? ''
  }

  /** Nothing may be lent from it (any more). */
  get blocked(): boolean {
    return this.share !== undefined && (this.share.lost || this.share.leaving !== undefined)
  }

  /** Nothing of it is in this process. */
  get idle(): boolean {
    return this.open.size === 0 && this.again.length === 0
  }

  /** Given out, and not settled since. */
  holds(id: string): boolean {
    return this.open.has(id) || this.again.some(({ message }) => message.id === id)
  }

  lend(loan: Loan): Loan {
    this.open.set(loan.message.id, loan)
    return loan
  }

  /** A reply was lost: what it said is on loan to us, unseen. */
  lookAgain(): void {
    this.#brokeAt = performance.now()
    if (this.mode === 'fresh') this.startPaging(undefined)
  }

  /** What the lost connection still carried, the server may have done only after we had looked. */
  lookOnceMore(afterMs: number): void {
    if (this.#brokeAt === undefined || this.mode !== 'fresh' || performance.now() - this.#brokeAt < afterMs) return
    this.#brokeAt = undefined
    this.startPaging(undefined)
  }

  startPaging(known: ReadonlySet<string> | undefined): void {
    this.mode = 'page'
    this.cursor = '-'
    this.known = known
  }

  /** Read up to here; nothing is known to come after it. */
  exhausted(last: string): void {
    this.hot = false
    this.read(last)
  }

  /** Everything up to here was given out. */
  read(last: string): void {
    if (last !== '' && isLower(this.last, last)) this.last = last
  }

  /** To be lent again; in order of id. */
  putBack(loan: Loan): void {
    const { id } = loan.message
    let at = this.again.length
    while (at > 0 && isLower(id, (this.again[at - 1] as Loan).message.id)) at--
    this.again.splice(at, 0, loan)
  }

  /** The next to be lent again: never one whose key has an earlier message still on loan. */
  takeAgain(max: number): Loan[] {
    if (this.again.length === 0 || this.blocked) return []
    const ready: Loan[] = []
    this.again = this.again.filter((loan) => {
      if (ready.length >= max || this.#waitsForAnother(loan)) return true
      ready.push(loan)
      return false
    })
    return ready
  }

  /**
   * Where a group must go on so that nothing it has not handled is left out: before what is on loan here; at the beginning
   * if there is nothing, or if others may have something that is not known here.
   */
  get resumeId(): string {
    if (this.number === 0 || this.mode === 'page' || this.#brokeAt !== undefined) return '0-0'
    let lowest: string | undefined = this.again[0]?.message.id
    for (const id of this.open.keys()) if (lowest === undefined || isLower(id, lowest)) lowest = id
    if (lowest === undefined) return '0-0'
    const [ms = '0', sequence = '0'] = lowest.split('-')
    return lastIdBefore(Number(ms), BigInt(sequence))
  }

  /** Everything that is on loan is so no longer. */
  lose(): void {
    for (const loan of this.open.values()) loan.open = false
    this.open.clear()
    this.again = []
  }

  #waitsForAnother({ message: { id, key } }: Loan): boolean {
    if (key === undefined) return false
    for (const other of this.open.values()) {
      if (other.message.key === key && isLower(other.message.id, id)) return true
    }
    return false
  }
}
