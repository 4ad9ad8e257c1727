import type { HookMap } from '@bus/core'

/** What the application has seen, to be compared with the books of the bus. */
export class Tally {
  published = 0
  unpublished = 0
  retried = 0
  deadLettered = 0
  givenUp = 0
  /** Dead-lettered or given up without a start: because of crashes. */
  crashed = 0
  /** Failed without a start: nobody can read it, or it does not fit. */
  flawed = 0
  started = 0
  /** Loans that turned out to be lost when a copy was to be stored: others decide. */
  lost = 0

  told(
    name: 'retry' | 'deadLetter' | 'failed',
    details: HookMap['retry'] | HookMap['deadLetter'] | HookMap['failed'],
  ): void {
    if (name === 'retry') this.retried++
    if (name === 'deadLetter') this.deadLettered++
    if (name === 'failed') this.givenUp++
    if (!('reason' in details)) return
    if (details.reason === 'crashed') this.crashed++
    if (details.reason === 'unreadable' || details.reason === 'invalid') this.flawed++
  }
}
