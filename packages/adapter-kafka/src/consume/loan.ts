import type { Delivery, StoredMessage } from '@bus/core/spi'
import type { LogRecord } from '../driver/driver.ts'
import { KafkaMessage } from '../stored-message.ts'
import type { Slot } from './offset-tracker.ts'
import type { Partition } from './partition.ts'

// Recorded at once, told to the broker soon, and in any case before the consumer closes or lets go.
const recorded: Promise<void> = Promise.resolve()

/** Open while its slot names it; a lost partition forgets all of its loans. */
export class Loan implements Delivery {
  readonly message: StoredMessage
  readonly note: string | undefined
  readonly #partition: Partition
  readonly #slot: Slot

  constructor(partition: Partition, slot: Slot) {
    this.#partition = partition
    this.#slot = slot
    this.note = slot.note
    this.message = new KafkaMessage(partition.topic, partition.id, slot.record as LogRecord)
    slot.loan = this
  }

  get redeliveries(): number {
    return this.#partition.deathsOf(this.#slot.offset)
  }

  ack(): Promise<void> {
    if (this.#slot.loan === this) this.#partition.ack(this.#slot)
    return recorded
  }

  release(note?: string): Promise<void> {
    if (this.#slot.loan === this) this.#partition.release(this.#slot, note)
    return recorded
  }
}
