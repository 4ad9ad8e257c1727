import type { Loan } from '../model/loan.ts'
import type { Member } from '../model/member.ts'
import type { Scene } from '../run/scene.ts'

/** What a subscription takes is bounded. */
export class Window {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  pulls({ name, subscription }: Member, max: number, again: boolean): void {
    this.#scene.say?.(`${name} asks for ${max}`)
    if (again) this.#scene.fail('one pull at a time', name)
    if (max < 1 || max > subscription.policy.prefetch)
      this.#scene.fail('no more is pulled than fits', `${name} asks for ${max}`)
  }

  delivered({ name, hand, subscription }: Member, loans: readonly Loan[]): void {
    const { policy } = subscription
    const { agenda, plan } = this.#scene
    for (const loan of loans) {
      const { headers, notBefore } = loan.message
      loan.record.delivered = true
      loan.record.early = (notBefore ?? Number(headers['bus-not-before'] ?? 0)) > agenda.wall
      hand.add(loan)
    }
    this.#scene.say?.(`${name} gets ${loans.map((loan) => `${loan}=${loan.item.stored.fact.id}`).join(' ')}`)
    let early = 0
    for (const { record } of hand) if (record.early) early++
    if (hand.size - early > policy.prefetch)
      this.#scene.fail('no more is in hand than fits', `${name} has ${hand.size - early} of ${policy.prefetch}`)
    if (early > plan.world.waitingRoom + policy.prefetch)
      this.#scene.fail('no more waits than fits', `${name} has ${early} that came early`)
  }
}
