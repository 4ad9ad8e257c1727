import type { Bug } from './bug.ts'

const subscription = 'consume/topic-subscription.ts'
const lanes = 'consume/lanes.ts'

/** Of windows, keys, slots, hand-overs and ends. */
export const flowBugs: readonly Bug[] = [
  {
    name: 'an event that waits for its retry frees its key',
    file: subscription,
    from: 'if (!this.policy.ordered) this.#lanes.leave(job)',
    to: 'this.#lanes.leave(job)',
  },
  {
    name: 'without order a held event runs beside its key',
    file: subscription,
    from: 'due.key = key\n      this.#lanes.add(due)',
    to: 'this.#lanes.resume(due)',
  },
  {
    name: 'the note is dropped when an event is given back',
    file: subscription,
    from: '.release(job.note)',
    to: '.release()',
  },
  {
    name: 'the delay is dropped when an event is given back',
    file: subscription,
    from: 'if (heldMs > 0) return this.hold(job, heldMs)',
    to: '',
  },
  {
    name: 'a hand-over does not wait for what runs',
    file: subscription,
    from: 'await this.#loans.quiet(leaves, signal)',
    to: '',
  },
  {
    name: 'a hand-over does not wait for what comes in',
    file: subscription,
    from: 'await this.clock.breathe()\n    const going',
    to: 'const going',
  },
  {
    name: 'a hand-over leaves those behind others',
    file: lanes,
    from: '[...this.#lanes.values()].flatMap((lane) => lane.behind.extract(leaves))',
    to: '[] as Job[]',
  },
  {
    name: 'a retry is held although its event leaves',
    file: subscription,
    from: 'if (this.#leaves(job)) return this.giveBack(job)\n    this.#loans.rest(job)',
    to: 'this.#loans.rest(job)',
  },
  {
    name: 'a key is freed by a job that does not have it',
    file: lanes,
    from: 'if (lane?.holder !== job) return',
    to: 'if (lane === undefined) return',
  },
  {
    name: 'an early event is handled at once',
    file: 'consume/early-arrivals.ts',
    from: 'return notBefore === 0 ? 0 : notBefore - this.#host.clock.now()',
    to: 'return 0',
  },
  {
    name: 'any number of early events is taken in',
    file: 'consume/early-arrivals.ts',
    from: 'if (!this.full || this.#host.policy.consumerGroup === undefined) {',
    to: 'if (defaults.waitingRoom > 0) {',
  },
  {
    name: 'early events go round without a pause',
    file: 'consume/early-arrivals.ts',
    from: 'tailPauseMs = 1_000',
    to: 'tailPauseMs = 0',
  },
  {
    name: 'room is made for more than fits',
    file: 'consume/loans.ts',
    from: 'return free * 2 >= window ? free : 0',
    to: 'return window',
  },
  { name: 'nothing is taken when there is room again', file: subscription, from: 'this.#pump.wake()', to: '' },
  {
    name: 'a slot is lost with each handler that takes no time',
    file: lanes,
    from: 'if (work === undefined) this.#slots.give()',
    to: 'if (work === undefined) continue',
  },
  {
    name: 'one handler too many',
    file: 'consume/slots.ts',
    from: 'this.#free = concurrency',
    to: 'this.#free = concurrency + 1',
  },
  {
    name: 'an end cuts off the handler that asked for it',
    file: subscription,
    from: 'await this.#loans.quiet(() => true, deadline)',
    to: '',
  },
  {
    name: 'what runs at the deadline is not given back',
    file: subscription,
    from: 'for (const job of late) this.giveBack(job)',
    to: '',
  },
  {
    name: 'an end never comes to its deadline',
    file: 'consume/deadline.ts',
    from: 'this.#clock.timer(timeoutMs, () =>',
    to: 'this.#clock.timer(timeoutMs * 1_000, () =>',
  },
  {
    name: 'a backend that does not let go is waited for',
    file: 'consume/deadline.ts',
    from: 'this.#pass(timeoutMs + letGoMs)',
    to: 'undefined',
  },
  {
    name: 'a handler that closes waits for a backend that does not answer',
    file: 'consume/subscriptions.ts',
    from: 'Promise.race([drained, deadline.passed]).then(() => {})',
    to: 'drained',
  },
  {
    name: 'a pattern stops when all of its topics have been joined',
    file: 'consume/subscription.ts',
    from: 'const drained = [...this.#topics.values()]',
    to: 'await Promise.allSettled(this.#topics.values())\n    const drained = [...this.#topics.values()]',
  },
  {
    name: 'a later close() may set no less time',
    file: 'consume/subscriptions.ts',
    from: 'known?.deadline.hurry(timeoutMs)',
    to: '',
  },
  {
    name: 'the timer of a deadline is left behind',
    file: 'consume/deadline.ts',
    from: 'for (const cancel of this.#cancels) cancel()',
    to: '',
  },
  {
    name: 'a failed pull ends the subscription',
    file: 'consume/pump.ts',
    from: 'await wait(this.#clock, pauseMs, signal)\n        pauseMs',
    to: 'return\n        pauseMs',
  },
  {
    name: 'what waits for its retry is not given back',
    file: subscription,
    from: '...this.#held.evict(leaves), ',
    to: '',
  },
  { name: 'what came early is not given back', file: subscription, from: ', ...this.#early.evict(leaves)]', to: ']' },
  {
    name: 'what comes in while it is handed over is taken',
    file: subscription,
    from: 'for (const leaves of this.#handovers) if (leaves(job)) return true',
    to: '',
  },
  {
    name: 'nobody knows which handlers run',
    file: subscription,
    from: 'this.#loans.begin(job)\n      return work.then',
    to: 'return work.then',
  },
  { name: 'an end goes on taking events', file: subscription, from: 'this.#stop.abort()', to: '' },
  {
    name: 'a failure after the deadline counts',
    file: subscription,
    from: 'if (this.signal.aborted) return this.giveBack(job)',
    to: '',
  },
  {
    name: 'what has ended is not told',
    file: 'consume/loans.ts',
    from: 'if (this.#active.delete(job)) this.#tell()',
    to: 'this.#active.delete(job)',
  },
]
