import type { SubscriptionOptions } from '@bus/core'

/** How often calls of a kind go wrong, from 0 to 1. */
export interface Rates {
  readonly publish: number
  readonly copy: number
  readonly ack: number
  readonly release: number
  readonly pull: number
  readonly consume: number
  readonly close: number
}

/** What the backend is like. */
export interface World {
  /** Keys are held one by one while something of them is on loan, or belong to partitions that members own. */
  readonly style: 'keys' | 'partitions'
  readonly partitions: number
  /** Messages without a key belong to partitions too. */
  readonly spread: boolean
  /** `notBefore` is waited out by the backend, sometimes not quite. */
  readonly delays: boolean
  /** `Delivery.forward` is there. */
  readonly forward: boolean
  /** The log is the process: one process, nothing goes wrong in it, what was published is handed out as it is. */
  readonly local: boolean
  /** `notBefore` comes back as a header, not as a field. */
  readonly notBeforeInHeader: boolean
  /** What comes from a dead member is lent one at a time. */
  readonly oneByOne: boolean
  /** Acknowledgements of one moment share a promise. */
  readonly sharedAcks: boolean
  /** A hand-over may begin in the very moment in which a pull resolves. */
  readonly abrupt: boolean
  /** 0: calls take no time; 3: now and then they take long. */
  readonly latency: 0 | 1 | 2 | 3
  /** Milliseconds until the backend takes a silent member for dead. */
  readonly sessionMs: number
  /** Milliseconds that a member has to hand over. */
  readonly handoverMs: number
  readonly waitingRoom: number
  /** Payloads are checked: at once, or after a while. */
  readonly schemas: 'none' | 'prompt' | 'slow'
  readonly rates: Rates
}

/** What every process subscribes to. */
export interface Spec {
  readonly topic: string
  readonly options: Omit<SubscriptionOptions, 'signal'>
}

export interface PlannedEvent {
  /** Names the event. */
  readonly event: number
  readonly key?: string | undefined
  readonly delayMs?: number | undefined
}

interface At {
  /** Milliseconds since the beginning. */
  readonly at: number
}

interface OfProcess extends At {
  readonly process: number
}

export interface PublishOp extends OfProcess {
  readonly kind: 'publish'
  readonly topic: string
  readonly entries: readonly PlannedEvent[]
  readonly abortAfterMs?: number | undefined
  /** How often it is tried again with the same ids after a failure. */
  readonly again: number
}

export type Op =
  | PublishOp
  | (At & {
      readonly kind: 'garbage'
      readonly topic: string
      readonly event: number
      readonly key?: string | undefined
    })
  | (OfProcess & { readonly kind: 'crash'; readonly restartMs: number })
  | (OfProcess & { readonly kind: 'close'; readonly timeoutMs: number; readonly restartMs: number })
  | (OfProcess & {
      readonly kind: 'unsubscribe'
      readonly spec: number
      readonly timeoutMs: number
      readonly againMs: number
    })
  | (OfProcess & { readonly kind: 'abort'; readonly spec: number; readonly againMs: number })
  | (OfProcess & { readonly kind: 'steal' })
  | (OfProcess & { readonly kind: 'stall'; readonly ms: number })
  | (OfProcess & { readonly kind: 'outage'; readonly ms: number })
  | (OfProcess & { readonly kind: 'health' })
  | (OfProcess & { readonly kind: 'settled' })
  | (At & { readonly kind: 'rebalance' })
  | (At & { readonly kind: 'jump'; readonly ms: number })

/** All that is decided before a schedule runs. What happens while it runs comes from the same seed. */
export interface Plan {
  readonly seed: number
  readonly world: World
  readonly specs: readonly Spec[]
  /** Processes at the beginning; each has all subscriptions. */
  readonly processes: number
  /** Whether handlers may kill their process, close it and so on, beside failing. */
  readonly wild: boolean
  readonly ops: readonly Op[]
}
