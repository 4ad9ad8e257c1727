import { EventBus, type HookMap, type Logger } from '@bus/core'
import { SimulatedAdapter } from '../model/adapter.ts'
import { Link } from '../model/link.ts'
import { newOwner, type Owner } from '../run/agenda.ts'
import type { Scene } from '../run/scene.ts'
import { VirtualClock } from '../run/virtual-clock.ts'
import { handlerOf } from './handler.ts'
import { Publisher } from './publisher.ts'
import { schemasOf } from './schemas.ts'
import { Subscription } from './subscription.ts'
import { Tally } from './tally.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const patience = 50

/** One process of the application, with its own bus. */
export class Process {
  readonly scene: Scene
  readonly owner: Owner
  readonly link: Link
  readonly clock: VirtualClock
  readonly bus: EventBus
  readonly subscriptions: Subscription[] = []
  readonly publisher: Publisher = new Publisher(this)
  readonly tally: Tally = new Tally()
  /** Handlers that have not returned. */
  handlers = 0
  /** Round trips that are under way. */
  probing = 0
  /** Milliseconds that it stood still. */
  stalled = 0
  /** It is connected. */
  ready = false
  closing: Promise<void> | undefined
  closed = false
  /** Called when it is dead. */
  died: () => void = () => {}
  #starting: Promise<void> = Promise.resolve()
  #subscribing: Subscription | undefined

  constructor(scene: Scene, name: string, stream: number) {
    this.scene = scene
    this.owner = newOwner(name)
    this.link = new Link(scene, this.owner, stream)
    this.clock = new VirtualClock(scene.agenda, this.owner, scene.dice(7, stream), () =>
      scene.oracle.handovers.breathes(this.owner),
    )
    this.bus = new EventBus(new SimulatedAdapter(this.link), name, {
      clock: this.clock,
      logger: silent,
      events: schemasOf(this),
    })
    this.link.subscriptionOf = (topic, group) => this.#subscriptionOf(topic, group)
    this.bus.on('retry', (details) => this.#told('retry', details))
    this.bus.on('deadLetter', (details) => this.#told('deadLetter', details))
    this.bus.on('failed', (details) => this.#told('failed', details))
    this.bus.on('error', ({ operation, error }) => scene.say?.(`${name} reports: ${operation}: ${String(error)}`))
  }

  start(): void {
    for (const [index, spec] of this.scene.plan.specs.entries()) this.subscribeNext(new Subscription(this, spec, index))
  }

  /** After those that are being subscribed. */
  subscribeNext(subscription: Subscription): void {
    this.#starting = this.#starting.then(() => this.#subscribe(subscription))
  }

  abort(subscription: Subscription): void {
    this.scene.oracle.closings.told([subscription], 30_000)
    subscription.ended = true
    subscription.abort.abort(new Error('no longer needed'))
  }

  async checkHealth(): Promise<void> {
    const { agenda } = this.scene
    const since = agenda.now
    const { stalled, ready } = this
    this.probing++
    const { adapter } = await this.bus.getHealth()
    this.probing--
    this.scene.say?.(`${this.owner.name} is ${adapter.healthy ? 'healthy' : `ill: ${adapter.reason}`}`)
    if (agenda.now - since > 2_000 + this.stalled - stalled && ready)
      this.scene.fail('health is told in time', `${this.owner.name} after ${agenda.now - since} ms`)
  }

  async checkSettled(): Promise<void> {
    const { sequence } = this.scene.broker
    const { steps } = this.scene
    this.probing++
    await this.bus.settled()
    this.probing--
    this.scene.oracle.isSettled(this, sequence, steps)
  }

  async #subscribe(subscription: Subscription): Promise<void> {
    this.subscriptions.push(subscription)
    const { spec, abort } = subscription
    while (this.closing === undefined) {
      this.#subscribing = subscription
      try {
        subscription.id = await this.bus.subscribe(spec.topic, handlerOf(subscription), {
          ...spec.options,
          signal: abort.signal,
        })
        this.ready = true
        return
      } catch (error) {
        subscription.cut = true
        this.scene.say?.(`${subscription.name} cannot subscribe: ${String(error)}`)
        await this.sleep(patience)
      }
    }
  }

  /** Resolves after `ms`, or as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const task = this.scene.agenda.add(this.owner, ms, resolve)
      const stop = (): void => {
        this.scene.agenda.cancel(task)
        resolve()
      }
      if (signal?.aborted === true) stop()
      else signal?.addEventListener('abort', stop, { once: true })
    })
  }

  crash(): void {
    if (!this.owner.alive) return
    this.scene.say?.(`${this.owner.name} dies`)
    this.scene.agenda.kill(this.owner)
    this.link.cut()
    this.scene.broker.mourn(this.link)
    this.died()
  }

  dieSoon(): void {
    this.scene.agenda.add(this.scene.backend, this.link.dice.between(0, 5), () => this.crash())
  }

  /** Closes the bus; then the process exits. `inside`: a handler asks for it. */
  async close(timeoutMs: number, inside: boolean): Promise<void> {
    const over = this.scene.oracle.closings.asked(this, this.subscriptions, timeoutMs, inside)
    this.scene.say?.(`${this.owner.name} closes within ${timeoutMs} ms`)
    const asked = this.bus.close({ timeoutMs })
    // Outside of any handler the same call waits for everything.
    this.closing ??= new Promise((resolve) => {
      this.scene.agenda.add(
        this.owner,
        0,
        () =>
          void this.bus
            .close()
            .then(() => this.#exit())
            .then(resolve),
      )
    })
    await asked
    over()
  }

  async unsubscribe(subscription: Subscription, timeoutMs: number, inside: boolean): Promise<void> {
    if (subscription.id === undefined || subscription.ended) return
    const over = this.scene.oracle.closings.asked(this, [subscription], timeoutMs, inside)
    this.scene.say?.(`${subscription.name} unsubscribes within ${timeoutMs} ms`)
    await this.bus.unsubscribe(subscription.id, { timeoutMs }).catch((error: unknown) => {
      // Somebody else was faster.
      this.scene.say?.(`${subscription.name}: ${String(error)}`)
    })
    subscription.ended = true
    over()
  }

  #exit(): void {
    // A handler that called close() may still be at work.
    this.closed = true
    this.scene.agenda.add(this.owner, 0, () => this.scene.oracle.closings.leavesNoTimer(this))
    this.scene.agenda.add(this.scene.backend, this.link.dice.between(0, 20), () => this.crash())
  }

  /** The one that is being subscribed, or a pattern that has found another topic. */
  #subscriptionOf(topic: string, group: string | undefined): Subscription {
    const fits = (one: Subscription): boolean => one.policy.group === group && one.sees(topic)
    const current = this.#subscribing
    const found =
      current !== undefined && fits(current)
        ? current
        : this.subscriptions.findLast((one) => one.isPattern && fits(one))
    if (found === undefined) throw new Error(`nobody subscribes to ${topic}`)
    return found
  }

  #told(
    name: 'retry' | 'deadLetter' | 'failed',
    details: HookMap['retry'] | HookMap['deadLetter'] | HookMap['failed'],
  ): void {
    this.tally.told(name, details)
    this.scene.oracle.told(this, name, details)
  }
}
