import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, isReply } from '../link/failure.ts'
import type { Argument, Link } from '../link/link.ts'
import { acknowledge, giveBack } from '../scripts/settle.ts'
import { done, type Loan } from './delivery.ts'
import type { LoanStream } from './loan-stream.ts'

export interface SettlerHost {
  readonly link: Link
  readonly group: string
  readonly members: string
  readonly leases: string
  readonly bell: string
  readonly me: string
  /** What scripts say on the side. */
  heard(generation: number, isMember: boolean): void
  /** It belongs to somebody else. */
  foreign(stream: LoanStream): void
}

interface Back {
  readonly id: string
  readonly suspect: boolean
  /** 0: nothing about the note, 1: keep it, 2: remove the old one. */
  readonly about: 0 | 1 | 2
  readonly note: string
}

/** What is to be recorded of one stream. */
class Slip {
  readonly ids: string[] = []
  readonly noted: string[] = []
  readonly backs: Back[] = []
}

const maxIds = 1_000
const pauseMs = 100

/** Records what became of loans: everything of one tick in one command, one promise for all of them. */
export class Settler {
  readonly #host: SettlerHost
  readonly #stop = new AbortController()
  #slips = new Map<LoanStream, Slip>()
  #underway: Map<LoanStream, Slip> = new Map()
  #next: Promise<void> | undefined
  #working: Promise<void> | undefined

  constructor(host: SettlerHost) {
    this.#host = host
  }

  acknowledge(loan: Loan): Promise<void> {
    const slip = this.#slip(loan.stream)
    slip.ids.push(loan.message.id)
    if (loan.note !== undefined) slip.noted.push(loan.message.id)
    return this.#soon()
  }

  giveBack(loan: Loan, note: string | undefined): Promise<void> {
    const about = note !== undefined ? 1 : loan.note === undefined ? 0 : 2
    this.#slip(loan.stream).backs.push({ id: loan.message.id, suspect: loan.suspect, about, note: note ?? '' })
    return this.#soon()
  }

  /** Resolves when everything up to now is recorded, or can no longer be. */
  async flush(): Promise<void> {
    while (this.#next !== undefined || this.#working !== undefined) await (this.#next ?? this.#working)
  }

  /** On its way to being settled, as far as the server may not know yet. */
  pending(stream: LoanStream): string[] {
    return [this.#slips.get(stream), this.#underway.get(stream)].flatMap((slip) =>
      slip === undefined ? [] : [...slip.ids, ...slip.backs.map(({ id }) => id)],
    )
  }

  /** The member is another one now: what was lent to the old one is lost. */
  forget(): void {
    this.#slips.clear()
    this.#underway.clear()
  }

  /** Gives up what could not be recorded. */
  stop(): void {
    this.#stop.abort()
  }

  #slip(stream: LoanStream): Slip {
    let slip = this.#slips.get(stream)
    if (slip === undefined) {
      slip = new Slip()
      this.#slips.set(stream, slip)
    }
    return slip
  }

  #soon(): Promise<void> {
    if (this.#stop.signal.aborted) return done
    this.#next ??= this.#afterThisTick()
    return this.#next
  }

  async #afterThisTick(): Promise<void> {
    await (this.#working ?? new Promise<void>((resolve) => setImmediate(resolve)))
    this.#underway = this.#slips
    this.#slips = new Map()
    this.#working = this.#next
    this.#next = undefined
    try {
      await this.#record(this.#underway, this.#host.me)
    } finally {
      this.#underway = new Map()
      this.#working = undefined
    }
  }

  /** Everything in here may be said twice, so it is, until there is an answer. */
  async #record(slips: Map<LoanStream, Slip>, me: string): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted && this.#host.me === me) {
      try {
        for (const batch of batches(slips)) await this.#acknowledge(batch, me)
        for (const [stream, { backs }] of slips) if (backs.length > 0) await this.#giveBack(stream, backs, me)
        return
      } catch (error) {
        // Without its group there is nothing left to record.
        if (isReply(error) && codeOf(error) === 'NOGROUP') return
        await sleep(pauseMs, undefined, { signal }).catch(() => {})
        await this.#host.link.whenReady(signal).catch(() => {})
      }
    }
  }

  async #acknowledge(batch: readonly Part[], me: string): Promise<void> {
    const { link, group, members, leases } = this.#host
    const keys = [members, leases]
    const args: Argument[] = [me, group]
    for (const { stream, ids, noted } of batch) {
      keys.push(stream.key, stream.topic.notes(group))
      args.push(stream.partition, stream.token, ids.length, ...ids, noted.length, ...noted)
    }
    const [generation, isMember, ...foreign] = (await link.run(acknowledge, keys, args)) as [
      number,
      number,
      ...number[],
    ]
    if (this.#host.me !== me) return
    this.#host.heard(generation, isMember === 1)
    for (const place of foreign) {
      const stream = batch[place]?.stream
      if (stream !== undefined) this.#host.foreign(stream)
    }
  }

  async #giveBack(stream: LoanStream, backs: readonly Back[], me: string): Promise<void> {
    // In a partition they stay where they are; only what has to be remembered needs a command.
    const telling = stream.number === 0 ? backs : backs.filter(({ suspect, about }) => suspect || about !== 0)
    const { link, group, members, leases, bell } = this.#host
    for (let at = 0; at < telling.length; at += maxIds) {
      const args: Argument[] = [me, group, stream.partition, stream.token]
      for (const { id, suspect, about, note } of telling.slice(at, at + maxIds))
        args.push(id, suspect ? 1 : 0, about, note)
      const keys = [members, leases, stream.key, stream.topic.notes(group), bell]
      const [generation, mine] = (await link.run(giveBack, keys, args)) as [number, number]
      if (this.#host.me !== me) return
      this.#host.heard(generation, stream.number !== 0 || mine === 1)
      if (mine === 0) return this.#host.foreign(stream)
    }
  }
}

interface Part {
  readonly stream: LoanStream
  readonly ids: readonly string[]
  readonly noted: readonly string[]
}

/** At most so many ids per command: a long script keeps all others waiting. */
function* batches(slips: Map<LoanStream, Slip>): Generator<readonly Part[]> {
  let batch: Part[] = []
  let size = 0
  for (const [stream, { ids, noted }] of slips) {
    for (let at = 0; at < ids.length; at += maxIds) {
      const some = ids.length <= maxIds ? ids : ids.slice(at, at + maxIds)
      if (size + some.length > maxIds && batch.length > 0) {
        yield batch
        batch = []
        size = 0
      }
      batch.push({ stream, ids: some, noted: at === 0 ? noted : [] })
      size += some.length
    }
  }
  if (batch.length > 0) yield batch
}
