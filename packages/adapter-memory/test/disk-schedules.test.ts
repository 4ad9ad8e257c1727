import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { InMemoryAdapter } from '@bus/adapter-memory'
import type { Consumer, Delivery } from '@bus/core/spi'
import { describe, expect, it } from 'vitest'
import { logIn, newDirectory, openIn } from './directories.ts'
import { message, take, takeNow, text } from './messages.ts'
import { random } from './random.ts'

const topics = ['t', 'u'] as const
const groups = ['g', 'h'] as const

/** What two groups have not settled on two topics, and what the adapter must know of it. */
class Schedule {
  readonly #adapter: InMemoryAdapter
  readonly #pick: (below: number) => number
  /** By topic and group: notes by number. */
  readonly open = new Map<string, Map<string, string | undefined>>()
  readonly #members = new Map<string, Consumer>()
  readonly #loans: { readonly place: string; readonly delivery: Delivery }[] = []
  #published = 0

  constructor(adapter: InMemoryAdapter, pick: (below: number) => number) {
    this.#adapter = adapter
    this.#pick = pick
  }

  async step(): Promise<void> {
    const topic = this.#oneOf(topics)
    const group = this.#oneOf(groups)
    const place = `${topic} ${group}`
    const loan = this.#loans[this.#pick(this.#loans.length)]
    switch (this.#pick(12)) {
      case 0: {
        const member = this.#members.get(place)
        await member?.close()
        this.#members.delete(place)
        for (let index = this.#loans.length - 1; index >= 0; index--) {
          if (this.#loans[index]?.place === place) this.#loans.splice(index, 1)
        }
        if (this.#pick(4) > 0) return
        await this.#adapter.deleteGroup(topic, group)
        this.open.delete(place)
        return
      }
      case 1:
        return this.#adapter.clearHistory(topic)
      case 2:
      case 3:
        return this.#settle(loan, () => loan?.delivery.ack())
      case 4: {
        const copy = message('copies', 'copy', { retention: 'kept' })
        return this.#settle(loan, () => loan?.delivery.forward?.(copy))
      }
      case 5: {
        if (loan === undefined) return
        const note = this.#pick(2) === 0 ? undefined : `note ${this.#pick(100)}`
        this.open.get(loan.place)?.set(numberOf(loan.delivery), note)
        this.#loans.splice(this.#loans.indexOf(loan), 1)
        return await loan.delivery.release(note)
      }
      case 6:
      case 7: {
        const member = this.#members.get(place) ?? (await this.#join(topic, group))
        for (const delivery of await takeNow(member, 1 + this.#pick(5))) this.#loans.push({ place, delivery })
        return
      }
      default:
        return await this.#publish(topic)
    }
  }

  async #join(topic: string, group: string): Promise<Consumer> {
    const member = await this.#adapter.consume({ topics: [{ topic, startFrom: 'latest' }], group })
    const place = `${topic} ${group}`
    this.#members.set(place, member)
    if (!this.open.has(place)) this.open.set(place, new Map())
    return member
  }

  async #publish(topic: string): Promise<void> {
    const count = 1 + this.#pick(3)
    const messages = Array.from({ length: count }, () => {
      const key = this.#pick(2) === 0 ? undefined : `k${this.#pick(3)}`
      return message(topic, `${++this.#published} ${'x'.repeat(this.#pick(120_000))}`, { key })
    })
    await this.#adapter.publish(messages)
    for (const group of groups) {
      const open = this.open.get(`${topic} ${group}`)
      for (let back = count - 1; back >= 0; back--) open?.set(String(this.#published - back), undefined)
    }
  }

  async #settle(
    loan: { readonly place: string; readonly delivery: Delivery } | undefined,
    settle: () => Promise<void> | undefined,
  ): Promise<void> {
    if (loan === undefined) return
    this.#loans.splice(this.#loans.indexOf(loan), 1)
    await settle()
    this.open.get(loan.place)?.delete(numberOf(loan.delivery))
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    return items[this.#pick(items.length)] as Item
  }
}

function numberOf({ message: stored }: Delivery): string {
  return text(stored).split(' ')[0] as string
}

describe('random schedules on disk', () => {
  it('are found again from the log alone, at any moment and however often it was written anew', async () => {
    let rewrites = 0
    for (let seed = 1; seed <= 4; seed++) {
      const directory = newDirectory()
      const adapter = await openIn(directory, { maxHistorySize: 3 })
      const schedule = new Schedule(adapter, random(seed))
      for (let round = 0; round < 6; round++) {
        for (let step = 0; step < 60; step++) await schedule.step()
        // Everything until now is written when this resolves.
        await adapter.ping()
        const copied = newDirectory()
        const log = logIn(directory)
        await copyFile(log, join(copied, basename(log)))
        const heir = await openIn(copied, { maxHistorySize: 3 })
        for (const [place, open] of schedule.open) {
          const [topic = '', group = ''] = place.split(' ')
          expect(await heir.inspect(topic, group), `${place}, seed ${seed}`).toMatchObject({
            lag: open.size,
            pending: 0,
          })
          const consumer = await heir.consume({ topics: [{ topic, startFrom: 'latest' }], group })
          const found = (await take(consumer, open.size)).map((loan) => [numberOf(loan), loan.note])
          const expected = [...open].sort(([a], [b]) => Number(a) - Number(b))
          expect(found, `${place}, seed ${seed}`).toEqual(expected)
        }
        for (const topic of topics) {
          const positions = async (of: InMemoryAdapter): Promise<string[]> => {
            const found: string[] = []
            for await (const { position } of of.read({ topic })) found.push(position)
            return found
          }
          expect((await positions(heir)).slice(-3)).toEqual((await positions(adapter)).slice(-3))
        }
        await heir.close()
      }
      rewrites += Number(/(\d+)\.log$/.exec(logIn(directory))?.[1]) - 1
      await adapter.close()
    }
    expect(rewrites).toBeGreaterThan(4)
  })
})
