import type { Delivery } from '../spi/consume.ts'
import type { Job } from './job.ts'

/** What the backend is moving to another member at the moment. */
export class HandOvers {
  readonly #going = new Set<(job: Job) => boolean>()

  concern(job: Job): boolean {
    for (const leaves of this.#going) if (leaves(job)) return true
    return false
  }

  /** Until `work` is done, jobs of `open` are on their way out. */
  async during(open: readonly Delivery[], work: (leaves: (job: Job) => boolean) => Promise<void>): Promise<void> {
    const going = new Set(open)
    const leaves = (job: Job): boolean => going.has(job.delivery)
    this.#going.add(leaves)
    try {
      await work(leaves)
    } finally {
      this.#going.delete(leaves)
    }
  }
}
