import type { Op } from '../plan/plan.ts'
import type { Scene } from '../run/scene.ts'
import { newFact } from './new-fact.ts'
import { Process } from './process.ts'
import { Subscription } from './subscription.ts'

/** Has the plan carried out: starts processes, lets things happen to them, starts them again. */
export class Director {
  /** All that ever were. */
  readonly processes: Process[] = []
  readonly #scene: Scene
  readonly #current = new Map<number, Process>()
  #ending = false

  constructor(scene: Scene) {
    this.#scene = scene
  }

  begin(): void {
    const { plan, agenda, backend } = this.#scene
    for (let index = 0; index < plan.processes; index++) this.startProcess(index)
    for (const op of plan.ops) agenda.add(backend, op.at, () => this.#do(op))
  }

  startProcess(index: number): Process {
    const process = new Process(
      this.#scene,
      index < 0 ? 'last' : `p${index}.${this.processes.length}`,
      this.processes.length,
    )
    this.processes.push(process)
    this.#current.set(index, process)
    process.died = () => this.#restart(index, process.closed ? 0 : 30)
    process.start()
    return process
  }

  /** Everybody who lives is told to close. */
  closeAll(): void {
    for (const process of this.living) if (process.closing === undefined) void process.close(30_000, false)
  }

  get living(): readonly Process[] {
    return this.processes.filter(({ owner }) => owner.alive)
  }

  #restart(index: number, delayMs: number): void {
    const { agenda, backend } = this.#scene
    if (!this.#ending) agenda.add(backend, delayMs, () => this.#ending || void this.startProcess(index))
  }

  /** Everybody closes, and nobody is started any more. */
  end(): void {
    this.#ending = true
    this.closeAll()
  }

  #do(op: Op): void {
    const scene = this.#scene
    if (op.kind === 'rebalance') return scene.broker.rebalance()
    if (op.kind === 'garbage') return this.#garbage(op)
    if (op.kind === 'jump') {
      scene.say?.(`clocks jump by ${op.ms} ms`)
      scene.agenda.jump(op.ms)
      return scene.broker.jumped()
    }
    const process = this.#current.get(op.process)
    if (process?.owner.alive === true && process.closing === undefined) this.#doTo(process, op)
  }

  #doTo(process: Process, op: Exclude<Op, { kind: 'rebalance' | 'garbage' | 'jump' }>): void {
    const scene = this.#scene
    const { owner, link } = process
    switch (op.kind) {
      case 'publish':
        return void process.publisher.publish(op)
      case 'crash':
        return process.crash()
      case 'close':
        return void process.close(op.timeoutMs, false)
      case 'steal':
        return scene.broker.steal(link)
      case 'outage':
        scene.say?.(`${owner.name} loses its connection for ${op.ms} ms`)
        return link.outage(op.ms)
      case 'stall':
        scene.say?.(`${owner.name} stands still for ${op.ms} ms`)
        process.stalled += op.ms
        owner.frozenUntil = scene.agenda.now + op.ms
        return undefined
      case 'health':
        return void process.checkHealth()
      case 'settled':
        return void process.checkSettled()
      case 'abort':
      case 'unsubscribe':
        return this.#end(process, op)
    }
  }

  #end(process: Process, op: Extract<Op, { kind: 'abort' | 'unsubscribe' }>): void {
    const subscription = process.subscriptions.find(({ index, stop }) => index === op.spec && stop === undefined)
    if (subscription?.id === undefined) return
    if (op.kind === 'unsubscribe') void process.unsubscribe(subscription, op.timeoutMs, false)
    else process.abort(subscription)
    this.#scene.agenda.add(process.owner, op.againMs, () => {
      if (process.closing === undefined)
        process.subscribeNext(new Subscription(process, subscription.spec, subscription.index))
    })
  }

  #garbage({ topic, event, key }: Extract<Op, { kind: 'garbage' }>): void {
    const body = Buffer.from(`{"no event": ${event}`)
    this.#scene.oracle.facts.declareGarbage(
      { ...newFact(`g${event}`, event, topic, key, false), flaw: 'unreadable' },
      body,
    )
    this.#scene.broker.append({ topic, key, headers: {}, body })
  }
}
