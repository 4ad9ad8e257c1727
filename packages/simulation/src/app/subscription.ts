import { defaults, type RetryOptions } from '@bus/core'
import type { Loan } from '../model/loan.ts'
import type { Member } from '../model/member.ts'
import type { Spec } from '../plan/plan.ts'
import type { Process } from './process.ts'

/** What the spec says, with nothing left open. */
export interface Policy {
  readonly group: string | undefined
  readonly maxRetries: number
  readonly useDLQ: boolean
  readonly dlqTopic: string | undefined
  readonly autoAck: boolean
  readonly concurrency: number
  readonly prefetch: number
  readonly ordered: boolean
  readonly maxDeliveries: number
  readonly timeoutMs: number | undefined
  readonly types: readonly string[] | undefined
  readonly retry: { readonly [Name in keyof RetryOptions]-?: number }
}

/** When a subscription was told to end. */
export interface Stop {
  readonly step: number
  /** Milliseconds since the beginning at which handlers may be cut off. */
  deadline: number
}

/** One subscription of one process. */
export class Subscription {
  readonly process: Process
  readonly spec: Spec
  readonly index: number
  readonly policy: Policy
  readonly abort: AbortController = new AbortController()
  id: string | undefined
  /** One, or one for each topic of a pattern. */
  readonly members: Member[] = []
  stop: Stop | undefined
  ended = false
  /** It could not be made as a whole once: what it did till then stands in no book. */
  cut = false
  /** Attempts that take a slot. */
  running = 0

  constructor(process: Process, spec: Spec, index: number) {
    this.process = process
    this.spec = spec
    this.index = index
    this.policy = policyOf(spec.options)
  }

  get isPattern(): boolean {
    return this.spec.topic.includes('*')
  }

  /** What the core has and did not settle. */
  get hand(): readonly Loan[] {
    return this.members.flatMap(({ hand }) => [...hand])
  }

  sees(topic: string): boolean {
    if (!this.isPattern) return topic === this.spec.topic
    return topic.startsWith('__pattern') || !/\.(retry|dlq)$/.test(topic)
  }

  get name(): string {
    return `${this.process.owner.name}/${this.index}`
  }
}

function policyOf(options: Spec['options']): Policy {
  const all = { ...defaults, ...defined(options) }
  const { consumerGroup: group, dlqTopic, timeoutMs, types } = options
  const { maxRetries, useDLQ, autoAck, concurrency, prefetch, ordered, maxDeliveries } = all
  const { initialDelayMs, factor, maxDelayMs, jitter, holdUpToMs } = { ...defaults, ...defined(options.retry ?? {}) }
  return {
    group,
    maxRetries,
    useDLQ,
    autoAck,
    concurrency,
    prefetch,
    ordered,
    maxDeliveries,
    timeoutMs,
    types,
    dlqTopic,
    retry: { initialDelayMs, factor, maxDelayMs, jitter, holdUpToMs },
  }
}

type Defined<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> }

function defined<Options extends object>(options: Options): Defined<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<Options>
}
