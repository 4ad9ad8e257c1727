/** How the bank treats a card: each failure is decided by the order and the number of the attempt, never by chance. */
export type Card = 'ok' | 'timeout-once' | 'timeout-twice' | 'no-funds' | 'stolen'
export type Mailbox = 'ok' | 'busy-once' | 'unknown'

export interface Order {
  readonly orderId: string
  /** The key of every event about the order: a customer's orders are handled in turn. */
  readonly customer: string
  readonly item: string
  readonly cents: number
  readonly card: Card
  readonly mailbox: Mailbox
}

export type CompensationAction = 'cancelOrder'

export interface CompensationRequired {
  readonly sagaId: string
  readonly failedStep: 'payment'
  readonly compensationActions: readonly CompensationAction[]
  readonly order: Order
  readonly reason: string
}

/** Topic → type → payload. */
export interface ShopEvents {
  orders: {
    'order.placed': Order
    'order.paid': Order
    'order.cancelled': Order & { readonly reason: string }
  }
  payments: {
    'payment.captured': { readonly order: Order }
  }
  /** Dead letters of the payment service: orders that it could not charge. */
  'payments.failed': Pick<ShopEvents['orders'], 'order.placed'>
  'saga.failures': {
    'saga.compensation.required': CompensationRequired
  }
}
