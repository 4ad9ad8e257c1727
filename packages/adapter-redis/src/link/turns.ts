import { isLower } from '../topics/position.ts'
import type { Watch } from './waker.ts'

/** Those in this process who share a stream: what one of them reads, no other needs to be told of. */
export interface Turn {
  /** Was told, and has not looked yet. */
  holder: Watch | undefined
  /** Given out up to here, as far as is known. */
  upTo: string
  users: number
}

/** Who shares which stream. */
export class Turns {
  readonly #turns = new Map<string, Turn>()

  join(stream: string, sharers: string): Turn {
    const name = `${stream} ${sharers}`
    let turn = this.#turns.get(name)
    if (turn === undefined) {
      turn = { holder: undefined, upTo: '0-0', users: 0 }
      this.#turns.set(name, turn)
    }
    turn.users++
    return turn
  }

  leave(stream: string, sharers: string): void {
    const name = `${stream} ${sharers}`
    const turn = this.#turns.get(name)
    if (turn !== undefined && --turn.users === 0) this.#turns.delete(name)
  }
}

export function raise(turn: Turn, id: string): void {
  if (isLower(turn.upTo, id)) turn.upTo = id
}

/** After which id the watch is to be told of what is in the stream; nothing while somebody else looks there. */
export function after({ streams, turns }: Watch, stream: string): string | undefined {
  const [id, turn] = [streams.get(stream), turns?.get(stream)]
  if (turn === undefined || id === undefined) return id
  if (turn.holder !== undefined) return undefined
  return isLower(id, turn.upTo) ? turn.upTo : id
}

/** What there is to wait for: streams, each with the id after which it is new. */
export function* awaited(watch: Watch): Generator<readonly [stream: string, id: string]> {
  for (const stream of watch.streams.keys()) {
    const id = after(watch, stream)
    if (id !== undefined) yield [stream, id]
  }
}
