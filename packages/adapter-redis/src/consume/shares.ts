import type { ConsumeOptions } from '@bus/core/spi'
import type { Loan } from './delivery.ts'
import { LoanStream, type Share } from './loan-stream.ts'
import type { TopicKeys } from '../topics/keys.ts'

/** A topic and over how many partitions it is spread. */
export interface SpreadTopic {
  readonly keys: TopicKeys
  readonly partitions: number
}

export interface SharesHost {
  readonly topics: readonly SpreadTopic[]
  readonly handover: ConsumeOptions['handover']
  /** Resolves when nothing is being fetched any more that was asked for before. */
  fetched(): Promise<void>
  /** Takes back what the core has not fetched yet. */
  withdraw(matching: (loan: Loan) => boolean): void
  /** The core never had it. */
  unlent(loan: Loan): void
  /** Resolves when everything that was settled is recorded. */
  recorded(): Promise<void>
  /** Tells the server that the partition is free. */
  letGo(share: Share, dirty: boolean): Promise<void>
  /** Its loans are lost. */
  lost(stream: LoanStream): void
}

/** The partitions that this member owns, and how they come and go. */
export class Shares {
  readonly #host: SharesHost
  readonly #shares = new Map<number, Share>()
  #streams: LoanStream[] = []

  constructor(host: SharesHost) {
    this.#host = host
  }

  get streams(): readonly LoanStream[] {
    return this.#streams
  }

  /** Partitions in which something of a dead owner is left. */
  get dirty(): number[] {
    return [...this.#shares.values()].filter(isDirty).map(({ partition }) => partition)
  }

  apply(owned: ReadonlyMap<number, string>, surplus: number): void {
    for (const share of [...this.#shares.values()]) {
      if (owned.get(share.partition) !== share.token) this.#lose(share)
    }
    for (const [partition, token] of owned) {
      if (this.#shares.has(partition)) continue
      this.#shares.set(partition, this.#open(partition, token))
    }
    const all = [...this.#shares.values()]
    const leaving = all.filter((share) => share.leaving !== undefined).length
    // Those with the least at work are free soonest.
    const staying = all
      .filter((share) => share.leaving === undefined)
      .sort((a, b) => loansOf(a).length - loansOf(b).length)
    for (const share of staying.slice(0, Math.max(0, surplus - leaving))) void this.#handOver(share)
    this.#list()
  }

  /** It is somebody else's by now. */
  lose(stream: LoanStream): void {
    if (stream.share !== undefined) this.#lose(stream.share)
    this.#list()
  }

  loseAll(): void {
    for (const share of [...this.#shares.values()]) this.#lose(share)
    this.#list()
  }

  #list(): void {
    this.#streams = [...this.#shares.values()].flatMap(({ streams }) => streams)
  }

  #open(partition: number, token: string): Share {
    const streams = this.#host.topics
      .filter((topic) => partition < topic.partitions)
      .map(
        ({ keys, partitions }) =>
          new LoanStream(keys, keys.streams(partitions)[partition + 1] as string, partition + 1),
      )
    const share: Share = { partition, token, streams, leaving: undefined, lost: false }
    for (const stream of streams) {
      stream.share = share
      // The token's last sign says whether the owner before died of it, or gave it up.
      if (token.endsWith('1')) stream.mode = 'left'
      else stream.startPaging(new Set())
    }
    return share
  }

  #lose(share: Share): void {
    share.lost = true
    share.leaving?.abort()
    this.#shares.delete(share.partition)
    this.#host.withdraw((loan) => loan.stream.share === share)
    for (const stream of share.streams) this.#host.lost(stream)
  }

  async #handOver(share: Share): Promise<void> {
    const leaving = new AbortController()
    share.leaving = leaving
    await this.#host.fetched()
    const unfetched = new Set<Loan>()
    this.#host.withdraw((loan) => loan.stream.share === share && Boolean(unfetched.add(loan)))
    for (const loan of unfetched) this.#host.unlent(loan)
    if (loansOf(share).length > 0) await this.#settled(share, leaving.signal)
    while (!share.lost) {
      await this.#host.recorded()
      try {
        await this.#host.letGo(share, isDirty(share))
        break
      } catch {
        // No answer: it is still ours, or will be found to be lost.
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    if (!share.lost) this.#lose(share)
    this.#list()
  }

  async #settled(share: Share, signal: AbortSignal): Promise<void> {
    const { handover } = this.#host
    if (handover !== undefined) {
      await handover(loansOf(share), signal).catch(() => {})
      return
    }
    // Nobody to ask: it stays until everything is settled.
    while (loansOf(share).length > 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function loansOf({ streams }: Share): Loan[] {
  return streams.flatMap(({ open }) => [...open.values()])
}

function isDirty({ streams }: Share): boolean {
  return streams.some(({ mode }) => mode === 'left')
}
