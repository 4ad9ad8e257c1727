import { setTimeout as passes } from 'node:timers/promises'
import { NonRetryableError } from '@bus/core'
import type { Card, Order } from './events.ts'

const timeouts: Readonly<Partial<Record<Card, number>>> = { 'timeout-once': 1, 'timeout-twice': 2 }

/** No order is to blame for it: none is cancelled, and what failed waits for the bank and for an operator. */
export class BankDownError extends Error {
  override readonly name = 'BankDownError'
}

/** Charging the same order twice moves money once: banks take the order's id as an idempotency key. */
export async function charge({ card }: Order, attempt: number): Promise<void> {
  await passes(15)
  if (process.env['ORDERS_BANK'] === 'down') throw new BankDownError('the certificate of the bank has expired')
  if (card === 'stolen') throw new NonRetryableError('the card was reported stolen')
  if (card === 'no-funds') throw new Error('the account has no funds')
  if (attempt <= (timeouts[card] ?? 0)) throw new Error('the bank did not answer')
}
