import type { Order } from './events.ts'
import type { Fact } from './fact.ts'

/** What the launcher tells the process of a service. */
export type ToService = { readonly kind: 'place'; readonly orders: readonly Order[] } | { readonly kind: 'stop' }

/** What the process of a service tells the launcher. */
export type FromService = { readonly kind: 'ready' } | { readonly kind: 'fact'; readonly fact: Fact }
