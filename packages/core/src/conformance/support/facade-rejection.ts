import assert from 'node:assert/strict'

/** The error with which `promise` rejects, which must be one of this class. */
export async function rejection<Reason extends Error>(
  kind: abstract new (...args: never) => Reason,
  promise: Promise<unknown>,
): Promise<Reason> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  assert.ok(outcome !== undefined, `It resolved; a ${kind.name} was expected.`)
  const { error } = outcome
  assert.ok(error instanceof kind, `It rejected with ${String(error)}; a ${kind.name} was expected.`)
  return error
}
