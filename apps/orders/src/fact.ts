/** A dead letter as the service that looks after it sees it; without times and positions, which differ from run to run. */
export interface DeadLetter {
  readonly topic: string
  readonly type: string
  readonly orderId: string
  readonly reason: string | undefined
  readonly kind: string | undefined
  readonly errorName: string | undefined
  readonly attempts: number | undefined
  readonly originalTopic: string | undefined
  readonly originalGroup: string | undefined
}

/** One start of a handler, and how it ended. */
export interface Start {
  readonly group: string
  readonly topic: string
  readonly type: string
  readonly attempt: number
}

export type What =
  /** A handler was started, returned, or threw. */
  | 'started'
  | 'ended'
  | 'failed'
  /** What became of an order. */
  | 'placed'
  | 'charged'
  | 'paid'
  | 'compensate'
  | 'cancelled'
  | 'mailed'
  | 'dead'
  /** The bus has something to say. */
  | 'warning'

/** Which order it is about. */
export interface About {
  readonly orderId?: string | undefined
  readonly customer?: string | undefined
}

export interface Details {
  readonly note?: string | undefined
  readonly start?: Start | undefined
  readonly deadLetter?: DeadLetter | undefined
}

/** Something that happened in a service. The launcher prints it and enters it in the books. */
export interface Fact extends About, Details {
  readonly service: string
  /** Microseconds of a clock that all processes of one machine share. */
  readonly at: number
  readonly what: What
}

export type Report = (what: What, about: About, details?: Details) => void

export function reporter(service: string, send: (fact: Fact) => void): Report {
  return (what, { orderId, customer }, details) =>
    send({ service, at: Number(process.hrtime.bigint() / 1000n), what, orderId, customer, ...details })
}
