import type { FetchedPartition, Link, OffsetQuery } from '../driver/driver.ts'
import { isTransientCode } from '../driver/driver-error.ts'
import { explained } from '../driver/permissions.ts'
import type { Names } from '../names.ts'
import { pause } from '../pause.ts'
import type { Log } from '../log.ts'
import { findOffsets } from '../topics/offsets.ts'
import type { Topics } from '../topics/topics.ts'
import type { Lending } from './lending.ts'
import type { Partition } from './partition.ts'

const maxBytesPerPartition = 1024 * 1024
/** A request cannot be taken back: what is new to a consumer waits for the one that is under way. */
const maxWaitMs = 500
/** While some partition has enough, and may soon want more. */
const shortWaitMs = 50

/** Keeps the partitions of one consumer supplied: one request at a time to each node that leads some of them. */
export class Fetcher {
  readonly #link: Link
  readonly #topics: Topics
  readonly #names: Names
  readonly #log: Log
  readonly #lending: Lending
  readonly #busy = new Set<number>()
  readonly #stop = new AbortController()
  /** Their topic was missing: it may be another one now. */
  readonly #suspects = new WeakSet<Partition>()
  #searching = false
  /** Why nothing comes, since when. */
  #problem: { readonly reason: string; readonly since: number } | undefined

  constructor(link: Link, topics: Topics, names: Names, log: Log, lending: Lending) {
    this.#link = link
    this.#topics = topics
    this.#names = names
    this.#log = log
    this.#lending = lending
  }

  /** `undefined` unless it has lasted. */
  get problem(): string | undefined {
    return this.#problem !== undefined && Date.now() - this.#problem.since > 1_000 ? this.#problem.reason : undefined
  }

  /** Some partition is new, or has room again. */
  wake(): void {
    if (this.#stop.signal.aborted) return
    let leaderless = false
    for (const partition of this.#lending.partitions) {
      if (!partition.hungry) continue
      const node = this.#leaderOf(partition)
      if (node < 0) leaderless = true
      else if (!this.#busy.has(node)) {
        this.#busy.add(node)
        void this.#serve(node)
      }
    }
    if (leaderless) void this.#search()
  }

  stop(): void {
    this.#stop.abort()
  }

  #leaderOf(partition: Partition): number {
    return this.#topics.peek(partition.topic)?.[partition.id] ?? -1
  }

  async #serve(node: number): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) {
        const wanted = this.#lending.partitions.filter(
          (partition) => partition.hungry && this.#leaderOf(partition) === node,
        )
        if (wanted.length === 0) break
        const suspects = wanted.filter((partition) => this.#suspects.has(partition) || this.#isAnother(partition))
        if (suspects.length > 0) {
          const checked = await Promise.all(suspects.map((partition) => this.#check(partition)))
          if (checked.every(Boolean)) continue
        } else if (await this.#fetch(node, wanted)) continue
        // What is wrong with a node may also be that it does not lead any more.
        for (const { topic } of wanted) this.#topics.forget(topic)
        break
      }
    } finally {
      this.#busy.delete(node)
      this.wake()
    }
  }

  async #fetch(node: number, wanted: readonly Partition[]): Promise<boolean> {
    const asked = new Map<string, { partition: Partition; offset: number }>()
    const positions = wanted.map((partition) => {
      const { name: topic, id, position: offset } = partition
      asked.set(`${topic}/${id}`, { partition, offset })
      return { topic, partition: id, offset }
    })
    let answers: readonly FetchedPartition[]
    try {
      const full = this.#lending.partitions.some((partition) => partition.held && !partition.hungry)
      answers = await this.#link.fetch(node, positions, {
        maxWaitMs: full ? shortWaitMs : maxWaitMs,
        maxBytesPerPartition,
      })
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error))
      return false
    }
    let healthy = true
    for (const { topic, partition: id, error, records, next } of answers) {
      const known = asked.get(`${topic}/${id}`)
      if (known === undefined || known.partition.lost || known.partition.position !== known.offset) continue
      if (error === undefined) {
        if (next !== undefined) known.partition.add(records, next)
      } else {
        healthy = false
        if (error === 'UNKNOWN_TOPIC_OR_PARTITION') this.#suspects.add(known.partition)
        if (error === 'OFFSET_OUT_OF_RANGE') await this.#relocate(known.partition)
        else this.#failed(`${topic}/${id}: ${explained(error, { operation: 'Read', topic })}`, isTransientCode(error))
      }
    }
    if (healthy) this.#problem = undefined
    this.#lending.wake()
    return healthy
  }

  #failed(reason: string, expected = false): void {
    if (this.#stop.signal.aborted) return
    if (this.#problem === undefined && !expected) this.#log.debug(`fetching failed: ${reason}`)
    this.#problem = { reason, since: this.#problem?.since ?? Date.now() }
  }

  /** Looks for leaders until every partition has one. */
  async #search(): Promise<void> {
    if (this.#searching) return
    this.#searching = true
    const { signal } = this.#stop
    for (let wait = this.#problem === undefined ? 20 : 100; !signal.aborted; wait = Math.min(500, wait * 2)) {
      await pause(wait, signal)
      const leaderless = this.#lending.partitions.filter((partition) => this.#leaderOf(partition) < 0)
      if (leaderless.length === 0) break
      for (const topic of new Set(leaderless.map(({ topic: name }) => name))) {
        try {
          if ((await this.#topics.refresh(topic)) !== undefined) continue
          for (const partition of leaderless) if (partition.topic === topic) this.#suspects.add(partition)
        } catch (error) {
          this.#failed(String(error))
        }
      }
      // Those that have one again do not wait for a topic that may never come back.
      this.wake()
    }
    this.#searching = false
    this.wake()
  }

  /** Its topic is another one than that which its offsets are of, as far as is known. */
  #isAnother({ topic, topicId }: Partition): boolean {
    const now = this.#topics.idOf(topic)
    return topicId !== undefined && now !== undefined && now !== topicId
  }

  /** Whether it is known where to go on. */
  async #check(partition: Partition): Promise<boolean> {
    const { topic, id, position } = partition
    try {
      if ((await this.#topics.refresh(topic)) === undefined) return false
      const anew = this.#isAnother(partition)
      const earliest = anew ? await this.#offsetOf(partition, 'earliest') : position
      this.#suspects.delete(partition)
      if (!anew || partition.lost || partition.position !== position) return true
      this.#log.warn(
        `topic "${topic}", partition ${id}: the topic was made anew; going on at ${earliest} instead of ${position}`,
      )
      partition.topicId = this.#topics.idOf(topic)
      partition.beginAnew(earliest)
      return true
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error))
      return false
    }
  }

  /** Retention has removed what comes next, or the topic was made anew: then everything in it is new. */
  async #relocate(partition: Partition): Promise<void> {
    const { topic, id, position } = partition
    try {
      const [earliest, latest] = [
        await this.#offsetOf(partition, 'earliest'),
        await this.#offsetOf(partition, 'latest'),
      ]
      if (partition.lost || partition.position !== position || (position >= earliest && position <= latest)) return
      this.#log.warn(
        `topic "${topic}", partition ${id}: ${position} is not in the log (${earliest} to ${latest}); going on at ${earliest}`,
      )
      partition.topicId = this.#topics.idOf(topic)
      partition.moveTo(earliest)
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error))
    }
  }

  async #offsetOf({ topic, id }: Partition, at: OffsetQuery['at']): Promise<number> {
    const queries = [{ partition: id, at }]
    const found = await findOffsets(this.#link, this.#topics, this.#names, topic, queries, this.#stop.signal)
    return found.get(id) as number
  }
}
