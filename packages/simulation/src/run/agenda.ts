import type { Dice } from './dice.ts'

/** Whose work a task is: it ends with its owner, and stands still with it. */
export interface Owner {
  readonly name: string
  alive: boolean
  /** Nothing of it happens before this time. */
  frozenUntil: number
  /** Tasks of it that are still to come, background ones aside. */
  pending: number
}

export interface Task {
  at: number
  /** Decides among tasks of one time. */
  order: number
  readonly owner: Owner
  readonly background: boolean
  run: (() => void) | undefined
}

export function newOwner(name: string): Owner {
  return { name, alive: true, frozenUntil: 0, pending: 0 }
}

/** Virtual time: what is to happen, in the order of time, and among equals in an order that chance decides. */
export class Agenda {
  readonly #dice: Dice
  /** A binary heap. */
  readonly #tasks: Task[] = []
  #now = 0
  #skew = 0
  #pending = 0

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  /** What clocks show: it may jump forward. */
  get wall(): number {
    return 1_700_000_000_000 + this.#now + this.#skew
  }

  /** How much is to come that is not in the background. */
  get pending(): number {
    return this.#pending
  }

  add(owner: Owner, delayMs: number, run: () => void, background: boolean = false): Task {
    const at = this.#now + Math.max(0, delayMs)
    const task: Task = { at, order: this.#dice.float(), owner, background, run }
    if (!owner.alive) return task
    this.#push(task)
    if (!background) {
      owner.pending++
      this.#pending++
    }
    return task
  }

  cancel(task: Task): void {
    if (task.run === undefined) return
    task.run = undefined
    this.#count(task)
  }

  /** Nothing of it happens any more. */
  kill(owner: Owner): void {
    owner.alive = false
    this.#pending -= owner.pending
    owner.pending = 0
  }

  jump(ms: number): void {
    this.#skew += ms
  }

  /** Does the next thing. `false`: there is nothing left. */
  step(): boolean {
    for (let task = this.#pop(); task !== undefined; task = this.#pop()) {
      const { owner, run } = task
      if (run === undefined || !owner.alive) continue
      if (owner.frozenUntil > task.at) {
        task.at = owner.frozenUntil
        task.order = this.#dice.float()
        this.#push(task)
        continue
      }
      this.#now = task.at
      task.run = undefined
      this.#count(task)
      run()
      return true
    }
    return false
  }

  #count({ owner, background }: Task): void {
    if (background || !owner.alive) return
    owner.pending--
    this.#pending--
  }

  #push(task: Task): void {
    const tasks = this.#tasks
    let index = tasks.length
    tasks.push(task)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(task, tasks[parent] as Task)) break
      tasks[index] = tasks[parent] as Task
      index = parent
    }
    tasks[index] = task
  }

  #pop(): Task | undefined {
    const tasks = this.#tasks
    const first = tasks[0]
    const last = tasks.pop()
    if (first === undefined || last === undefined || tasks.length === 0) return first
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= tasks.length) break
      if (child + 1 < tasks.length && before(tasks[child + 1] as Task, tasks[child] as Task)) child++
      if (!before(tasks[child] as Task, last)) break
      tasks[index] = tasks[child] as Task
      index = child
    }
    tasks[index] = last
    return first
  }
}

function before(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
