import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { CaseContext } from './context.ts'
import type { MemberStep, MemberTask } from './member-process.ts'

/** Members of one group, each a process. */
export class Crew {
  /** Everything that all of them said, in the order in which it came. */
  readonly steps: MemberStep[] = []
  readonly #context: CaseContext
  readonly #task: MemberTask
  readonly #members: CrewMember[] = []

  private constructor(context: CaseContext, task: MemberTask) {
    this.#context = context
    this.#task = task
  }

  /** The members that are left when `work` has ended are killed. */
  static async at(context: CaseContext, task: MemberTask, work: (crew: Crew) => Promise<void>): Promise<void> {
    const crew = new Crew(context, task)
    try {
      await work(crew)
    } finally {
      await Promise.all(crew.#members.map((member) => member.kill()))
    }
  }

  /** Resolves when its subscription delivers. */
  async join(change: Partial<MemberTask> = {}): Promise<CrewMember> {
    const member = await this.begin(change)
    await this.#context.until('A member is ready', () => {
      assert.ok(member.alive, 'A member died before it was ready.')
      return member.ready
    })
    return member
  }

  /** It may die before it is ready. */
  async begin(change: Partial<MemberTask> = {}): Promise<CrewMember> {
    const { spawn } = this.#context.subject
    assert.ok(spawn, 'A subject whose facts say `shared` offers spawn().')
    const child = await spawn(JSON.stringify({ ...this.#task, ...change }))
    const member = new CrewMember(child, (step) => this.steps.push(step))
    this.#members.push(member)
    return member
  }

  /** The payloads that were handled to their end, each once. */
  get handled(): Set<string> {
    return new Set(this.steps.flatMap(({ what, payload = '' }) => (what === 'end' ? [payload] : [])))
  }

  starts(of: string): number {
    return this.steps.filter(({ what, payload }) => what === 'start' && payload === of).length
  }
}

export class CrewMember {
  ready = false
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(child: ChildProcess, hear: (step: MemberStep) => void) {
    this.#process = child
    this.#ended = once(child, 'close')
    assert.ok(child.stdout, 'The standard output of a member is a pipe.')
    createInterface(child.stdout).on('line', (line) => {
      const step = JSON.parse(line) as MemberStep
      if (step.what === 'ready') this.ready = true
      hear(step)
    })
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** SIGKILL; resolves when all it had said is read. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }

  async died(): Promise<void> {
    await this.#ended
  }

  /** SIGTERM; resolves when it has ended, with its exit code. */
  async terminate(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    await this.#ended
    return this.#process.exitCode
  }
}
