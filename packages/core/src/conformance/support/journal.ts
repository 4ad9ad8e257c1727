import assert from 'node:assert/strict'
import type { Delivery } from '../../spi/index.ts'
import type { CaseContext } from './context.ts'
import { assertSame, bodyOf } from './messages.ts'

/** Watches several members at work, from the outside. Bodies are `<key>:<number>`, numbered from 1 within the key. */
export class Journal {
  readonly #handled: string[] = []
  readonly #violations: string[] = []
  /** Which member has how many loans of a key. */
  readonly #holders = new Map<string, { member: string; loans: number }>()
  readonly #waiting = new Set<() => void>()

  get handled(): number {
    return this.#handled.length
  }

  lent(member: string, { message }: Delivery): void {
    const { key } = message
    if (key === undefined) return
    const holder = this.#holders.get(key)
    if (holder === undefined || holder.loans === 0) {
      this.#holders.set(key, { member, loans: 1 })
      return
    }
    if (holder.member === member) holder.loans++
    else
      this.#violations.push(
        `${member} was given ${bodyOf(message)} while ${holder.member} had ${holder.loans} of that key`,
      )
  }

  /** Before it is acknowledged or released: the other member may have it a moment later. */
  ends(member: string, { message }: Delivery): void {
    const holder = this.#holders.get(message.key ?? '')
    if (holder?.member === member) holder.loans--
  }

  handles(delivery: Delivery): void {
    this.#handled.push(bodyOf(delivery.message))
    for (const check of this.#waiting) check()
  }

  /** Resolves when `count` messages were handled, or no more came in time: the assertions then tell what is missing. */
  reached(context: CaseContext, count: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      const check = (): void => {
        if (this.#handled.length >= count) end()
      }
      const timer = setTimeout(end, context.patienceMs)
      this.#waiting.add(check)
      check()
    })
  }

  assertOneHolder(): void {
    assert.deepEqual(this.#violations, [], 'No key was with two members at once.')
  }

  assertEachOnce(expected: readonly string[]): void {
    assertSame(this.#handled, expected, 'Every message was handled once')
  }

  assertInOrder(): void {
    const last = new Map<string, number>()
    for (const body of this.#handled) {
      const [key = '', number = ''] = body.split(':')
      const expected = (last.get(key) ?? 0) + 1
      assert.equal(
        Number(number),
        expected,
        `Of the key "${key}", number ${expected} is next after ${last.get(key) ?? 'the start'}.`,
      )
      last.set(key, expected)
    }
  }
}
