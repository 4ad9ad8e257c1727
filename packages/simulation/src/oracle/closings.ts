import type { Process } from '../app/process.ts'
import type { Subscription } from '../app/subscription.ts'
import { longest } from '../model/link.ts'
import type { Member } from '../model/member.ts'
import type { Scene } from '../run/scene.ts'

/** What a backend that does not let go may cost beyond the deadline. */
const letGoMs = 5_000
// Joining a pattern's topics and leaving them takes some calls, one after the other.
const calls = 8

/** Ends come in time, wait for nothing that is not there, and leave nothing behind. */
export class Closings {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** They were told to end. */
  told(subscriptions: readonly Subscription[], timeoutMs: number): void {
    const { agenda, steps } = this.#scene
    const deadline = agenda.now + timeoutMs
    for (const subscription of subscriptions) {
      subscription.stop ??= { step: steps, deadline }
      subscription.stop.deadline = Math.min(subscription.stop.deadline, deadline)
    }
  }

  /** Call it when the end is asked for; what it returns, when the end is there. `inside`: a handler asks. */
  asked(process: Process, subscriptions: readonly Subscription[], timeoutMs: number, inside: boolean): () => void {
    const { agenda } = this.#scene
    const since = agenda.now
    const { link } = process
    const { hangs, pending } = link
    this.told(subscriptions, timeoutMs)
    let over = false
    if (timeoutMs > 1)
      agenda.add(
        this.#scene.backend,
        timeoutMs - 1,
        () => over || this.#waitsForSomething(process, subscriptions),
        true,
      )
    return () => {
      over = true
      const took = agenda.now - since
      const names = subscriptions.map(({ name }) => name).join(', ')
      this.#scene.say?.(`${names || process.owner.name} closed after ${took} ms`)
      const prompt = link.hangs === hangs && pending === 0
      const graceMs = prompt ? Math.min(letGoMs, calls * 2 * longest[this.#scene.plan.world.latency]) : letGoMs
      if (took > timeoutMs + graceMs + process.stalled)
        this.#scene.fail('ends come in time', `${names} after ${took} ms, the limit was ${timeoutMs}`)
      if (inside || took >= timeoutMs + letGoMs) return
      for (const subscription of subscriptions) this.#isClean(subscription)
    }
  }

  /** All of a bus is closed. */
  leavesNoTimer({ owner, clock, handlers, probing }: Process): void {
    if (handlers > 0 || probing > 0 || clock.timers === 0) return
    this.#scene.fail('an end leaves no timer', `${owner.name} has ${clock.timers}`)
  }

  /** The core leaves a group. */
  consumerCloses({ name, hand, subscription }: Member): void {
    const { stop } = subscription
    this.#scene.say?.(`${name} closes`)
    if (stop === undefined) return
    for (const loan of hand) {
      if (loan.record.attempts.at(-1)?.state !== 'running' || this.#scene.agenda.now >= stop.deadline) continue
      this.#scene.fail(
        'no handler is given up before the deadline',
        `${name} closes while ${loan.item.stored.fact.id} runs`,
      )
    }
  }

  #waitsForSomething(process: Process, subscriptions: readonly Subscription[]): void {
    const { owner, handlers, link, stalled } = process
    if (!owner.alive || stalled > 0 || handlers > 0 || link.pending > 0) return
    const copying = subscriptions.some(({ hand }) =>
      hand.some(
        ({ record }) => record.early || record.attempts.at(-1)?.announced === false || record.attempts.length === 0,
      ),
    )
    if (!copying) this.#scene.fail('an end waits for nothing that is not there', owner.name)
  }

  #isClean({ name, hand, members }: Subscription): void {
    if (hand.length > 0) this.#scene.fail('an end gives everything back', `${name} still has ${hand.join(', ')}`)
    if (members.some(({ closing }) => !closing)) this.#scene.fail('an end leaves the group', name)
  }
}
