import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Step {
  readonly member: number
  readonly what: 'lent' | 'start' | 'end' | 'ready' | 'left'
  readonly body: string
  readonly redeliveries: number
  readonly at: number
}

export interface CrewOptions {
  readonly url: string
  readonly prefix: string
  readonly topic: string
  readonly leaseMs: number
  readonly poison?: string
  /** How long each is handled; a few milliseconds unless given. */
  readonly handleMs?: number
  readonly prefetch?: number
  readonly concurrency?: number
}

/** Members of one group, each a process. */
export class Crew implements AsyncDisposable {
  readonly steps: Step[] = []
  readonly members: Member[] = []
  /** Bodies that were handled to the end. */
  readonly handled: Set<string> = new Set()
  readonly #options: CrewOptions
  #next = 1

  constructor(options: CrewOptions) {
    this.#options = options
  }

  get alive(): Member[] {
    return this.members.filter((member) => member.alive)
  }

  async join(): Promise<Member> {
    const { url, prefix, topic, leaseMs, poison = '', ...how } = this.#options
    const script = fileURLToPath(new URL('member.ts', import.meta.url))
    const args = ['--conditions=@bus/source', script, url, prefix, topic, String(leaseMs), poison, JSON.stringify(how)]
    const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const member = new Member(this.#next++, process_)
    this.members.push(member)
    const ready = new Promise<void>((resolve, reject) => {
      process_.once('exit', () => reject(new Error('A member ended before it was ready.')))
      createInterface({ input: process_.stdout }).on('line', (line) => {
        const [what, body = '', redeliveries, at] = line.split(' ')
        this.steps.push({
          member: member.number,
          what: what as Step['what'],
          body,
          redeliveries: Number(redeliveries),
          at: Number(at),
        })
        if (what === 'end') this.handled.add(body)
        if (what === 'ready') resolve()
      })
    })
    await ready
    return member
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.alive.map((member) => member.kill()))
  }
}

export class Member {
  readonly number: number
  readonly process: ChildProcess
  alive: boolean = true
  diedAt: number = Number.POSITIVE_INFINITY

  constructor(number: number, process_: ChildProcess) {
    this.number = number
    this.process = process_
    process_.once('exit', () => {
      this.alive = false
      this.diedAt = performance.timeOrigin + performance.now()
    })
  }

  async kill(): Promise<void> {
    if (!this.alive) return
    this.process.kill('SIGKILL')
    await once(this.process, 'exit')
  }

  /** SIGTERM: it ends by itself. */
  async leave(): Promise<void> {
    if (!this.alive) return
    this.process.kill('SIGTERM')
    await once(this.process, 'exit')
  }
}
