import type { Fact } from '../oracle/fact.ts'
import { types } from '../plan/draw-specs.ts'

export function newFact(
  id: string,
  number: number,
  topic: string,
  key: string | undefined,
  delayed: boolean,
  cause?: string,
): Fact {
  const type = types[number % 3 === 0 ? 1 : 0]
  return { id, number, topic, type, key, delayed, cause, flaw: undefined, stores: 0, first: undefined }
}
