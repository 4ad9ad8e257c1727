import { setTimeout as passes } from 'node:timers/promises'
import { NonRetryableError } from '@bus/core'
import type { Order } from './events.ts'

export async function deliver({ mailbox }: Order, attempt: number): Promise<void> {
  await passes(3)
  if (mailbox === 'unknown') throw new NonRetryableError('there is no such mailbox')
  if (mailbox === 'busy-once' && attempt === 1) throw new Error('the mail server is busy')
}
