import { Job } from '../../src/consume/job.ts'
import type { StoredMessage } from '../../src/spi/message.ts'
import { FakeDelivery, stored } from './messages.ts'

/** A job whose delivery is a fake one. */
export function jobOf(extra: Partial<StoredMessage> = {}, body: string | Uint8Array = '{}'): Job {
  return new Job(new FakeDelivery(stored(body, extra)))
}
