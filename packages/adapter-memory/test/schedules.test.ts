import { InMemoryAdapter } from '@bus/adapter-memory'
import type { Consumer, Delivery } from '@bus/core/spi'
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { message, never, takeNow } from './messages.ts'
import { random } from './random.ts'

interface Loan {
  readonly id: string
  readonly member: Consumer
  readonly delivery: Delivery
}

/** A pull that may still be waiting. */
interface Pull {
  arrived?: readonly Delivery[]
}

const topicNames = ['t', 't.g.retry']

/** Members of one group join, leave, take, acknowledge and release at random while messages are published. */
class Schedule {
  readonly #pick: (below: number) => number
  readonly #adapter: InMemoryAdapter
  readonly #topics: readonly { topic: string; startFrom: 'earliest' }[]
  readonly #members: Consumer[] = []
  readonly #published: string[] = []
  readonly #settled = new Set<string>()
  readonly #pulls = new Map<Consumer, Pull>()
  #loans: Loan[] = []

  constructor(seed: number) {
    this.#pick = random(seed)
    this.#adapter = new InMemoryAdapter({ maxHistorySize: this.#pick(5) })
    this.#topics = topicNames.slice(0, 1 + this.#pick(2)).map((topic) => ({ topic, startFrom: 'earliest' }))
  }

  async run(steps: number): Promise<void> {
    await this.#join()
    for (let step = 0; step < steps; step++) {
      await this.#step(this.#pick(100))
      await this.#receive()
    }
    if (this.#members.length === 0) await this.#join()
    for (let round = 0; round < 500 && this.#settled.size < this.#published.length; round++) {
      while (this.#loans.length > 0) await this.#settle()
      for (const member of this.#members) await this.#take(member)
      await this.#receive()
    }
    assert.equal(this.#settled.size, this.#published.length, 'Every message was delivered.')
    for (const { topic } of this.#topics) {
      assert.deepEqual(await this.#adapter.inspect(topic, 'g'), { lag: 0, pending: 0, delayed: 0, oldestPendingMs: 0 })
    }
    assert.equal(this.#adapter.unsettled(), 0)
    await this.#adapter.close()
  }

  async #step(choice: number): Promise<void> {
    const member = this.#members[this.#pick(this.#members.length)]
    if (choice < 30) await this.#publish()
    else if (choice < 45 && member) await this.#take(member)
    else if (choice < 60 && member) this.#wait(member)
    else if (choice < 75) await this.#settle()
    else if (choice < 84) await this.#someLoan()?.delivery.release()
    else if (choice < 92 && this.#members.length < 4) await this.#join()
    else if (choice < 93) this.#adapter.clearHistory()
    else if (choice < 94 && member) await this.#deleteGroup()
    else if (member) await this.#leave(member)
  }

  async #join(): Promise<void> {
    this.#members.push(await this.#adapter.consume({ topics: this.#topics, group: 'g' }))
  }

  async #leave(member: Consumer): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1)
    this.#pulls.delete(member)
    await member.close()
    this.#loans = this.#loans.filter((loan) => loan.member !== member)
  }

  async #publish(): Promise<void> {
    const { topic } = this.#topics[this.#pick(this.#topics.length)] as { topic: string }
    const key = this.#pick(10) < 7 ? `k${this.#pick(3)}` : undefined
    // Its place among all of its topic and key, in a form that compares as text.
    const id = `${topic} ${key ?? '-'} ${String(this.#published.length).padStart(5, '0')}`
    this.#published.push(id)
    await this.#adapter.publish([message(topic, id, { key })])
  }

  /** Refused while it has members, and nothing happens to them. */
  async #deleteGroup(): Promise<void> {
    const { topic } = this.#topics[this.#pick(this.#topics.length)] as { topic: string }
    await assert.rejects(this.#adapter.deleteGroup(topic, 'g'), { code: 'BUS_GROUP_IN_USE' })
  }

  async #take(member: Consumer): Promise<void> {
    if (this.#pulls.has(member)) return
    const max = 1 + this.#pick(4)
    const taken = await takeNow(member, max)
    assert.ok(taken.length <= max, `${taken.length} came for pull(${max}).`)
    this.#lend(member, taken)
  }

  #wait(member: Consumer): void {
    if (this.#pulls.has(member)) return
    const pull: Pull = {}
    this.#pulls.set(member, pull)
    void member.pull(1 + this.#pick(4), never).then((deliveries) => (pull.arrived = deliveries))
  }

  async #receive(): Promise<void> {
    await nextTurn()
    for (const [member, { arrived }] of this.#pulls) {
      if (arrived === undefined) continue
      this.#pulls.delete(member)
      this.#lend(member, arrived)
    }
    for (const member of this.#pulls.keys()) {
      const forgotten = this.#published.find((id) => this.#waits(id) && this.#mayHave(member, id))
      assert.equal(forgotten, undefined, `A member waits although it could have ${forgotten}.`)
    }
  }

  #lend(member: Consumer, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const id = new TextDecoder().decode(delivery.message.body)
      assert.ok(!this.#settled.has(id), `${id} came again after it was settled.`)
      assert.ok(!this.#loans.some((loan) => loan.id === id), `${id} was lent twice.`)
      assert.ok(this.#mayHave(member, id), `${id} was lent while another member had its key.`)
      const overtaken = this.#published.find(
        (other) => keyOf(id) !== '-' && other < id && sameLane(other, id) && this.#waits(other),
      )
      assert.equal(overtaken, undefined, `${id} overtook another.`)
      this.#loans.push({ id, member, delivery })
    }
  }

  /** A key is with one member, over both topics. */
  #mayHave(member: Consumer, id: string): boolean {
    const key = keyOf(id)
    return key === '-' || !this.#loans.some((loan) => loan.member !== member && keyOf(loan.id) === key)
  }

  async #settle(): Promise<void> {
    const loan = this.#someLoan()
    await loan?.delivery.ack()
    if (loan) this.#settled.add(loan.id)
  }

  #someLoan(): Loan | undefined {
    return this.#loans.splice(this.#pick(this.#loans.length), 1)[0]
  }

  #waits(id: string): boolean {
    return !this.#settled.has(id) && !this.#loans.some((loan) => loan.id === id)
  }
}

function keyOf(id: string): string {
  return id.split(' ')[1] as string
}

function sameLane(one: string, other: string): boolean {
  return one.slice(0, -6) === other.slice(0, -6)
}

describe('random schedules in memory', () => {
  it('lose nothing, keep keys in order and with one member at a time', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      try {
        await new Schedule(seed).run(120)
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause })
      }
    }
  })
})
