import { PublishError } from '@bus/core'
import type { Fact } from '../oracle/fact.ts'
import type { PublishOp } from '../plan/plan.ts'
import { newFact } from './new-fact.ts'
import type { Process } from './process.ts'

const patience = 50

interface Publication {
  readonly type: string
  readonly payload: { readonly number: number }
  readonly key?: string | undefined
  readonly delayMs?: number | undefined
  readonly metadata: { readonly eventId: string }
}

/** Publishes for one process, tries again as an application would, and checks what it is told. */
export class Publisher {
  readonly #process: Process
  /** It is being checked whether something may be published. */
  checking = false
  #children = 0
  #waiting = 0

  constructor(process: Process) {
    this.#process = process
  }

  /** Calls that have not been answered. */
  get waiting(): number {
    return this.#waiting
  }

  async publish({ topic, entries, abortAfterMs, again }: PublishOp): Promise<void> {
    const facts = entries.map(({ event, key, delayMs }) => ({
      ...newFact(`e${event}`, event, topic, key, delayMs !== undefined),
      flaw: this.#flawOf(event),
    }))
    for (const fact of facts) this.#process.scene.oracle.facts.declare(fact)
    for (let left = again; ; left--) {
      const batch = facts.map(({ id, number, type, key }, index) => ({
        type,
        key,
        payload: { number },
        delayMs: entries[index]?.delayMs,
        metadata: { eventId: id },
      }))
      if ((await this.#send(topic, facts, batch, abortAfterMs)) || left === 0) return
      await this.#process.sleep(patience)
    }
  }

  /** From inside a handler. */
  async publishChild(parent: Fact): Promise<void> {
    const fact = newFact(
      `${parent.id}.${this.#process.owner.name}.${++this.#children}`,
      parent.number + 1,
      'mail',
      undefined,
      false,
      parent.id,
    )
    this.#process.scene.oracle.facts.declare(fact)
    await this.#send(
      'mail',
      [fact],
      [{ type: fact.type, payload: { number: fact.number }, metadata: { eventId: fact.id } }],
      undefined,
    )
  }

  #flawOf(event: number): Fact['flaw'] {
    const { plan } = this.#process.scene
    return plan.world.schemas !== 'none' && this.#process.scene.dice(8, event).chance(0.15) ? 'invalid' : undefined
  }

  async #send(
    topic: string,
    facts: readonly Fact[],
    batch: readonly Publication[],
    abortAfterMs: number | undefined,
  ): Promise<boolean> {
    const abort = abortAfterMs === undefined ? undefined : new AbortController()
    const signal = abort?.signal
    if (abort !== undefined)
      this.#process.scene.agenda.add(this.#process.owner, abortAfterMs ?? 0, () => abort.abort(new Error('too slow')))
    const before = facts.map(({ stores }) => stores)
    this.#waiting++
    try {
      const [single] = batch.length === 1 ? batch : []
      // Schemas are asked before the call returns its promise.
      this.checking = true
      const { bus } = this.#process
      const published =
        single === undefined
          ? bus.publishBatch(topic, batch, { signal })
          : bus.publish(topic, single.type, single.payload, { ...single, signal })
      this.checking = false
      await published
      this.#process.tally.published += batch.length
      for (const { id, stores } of facts)
        if (stores === 0) this.#process.scene.fail('what publish() resolved for is stored', id)
      return true
    } catch (error) {
      const known = error instanceof PublishError ? error.failures.length : batch.length
      this.#process.tally.unpublished += known
      this.#process.tally.published += batch.length - known
      this.#process.scene.say?.(`${this.#process.owner.name} cannot publish: ${String(error)}`)
      if (!(error instanceof PublishError) || abort !== undefined) return false
      for (const { index, stored } of error.failures) {
        if (stored === 'no' && facts[index]?.stores !== before[index])
          this.#process.scene.fail('publish() tells the truth', `${facts[index]?.id} is stored`)
      }
      const failed = new Set(error.failures.map(({ index }) => index))
      for (const [index, { id, stores }] of facts.entries()) {
        if (!failed.has(index) && stores === before[index])
          this.#process.scene.fail('publish() tells the truth', `${id} is not stored`)
      }
      return false
    } finally {
      this.#waiting--
    }
  }
}
