import type { DeadLetter } from '@bus/core'

/** A dead letter as JSON: bytes that are no event are given as text and in base 64. */
export function deadLetterJson({ body, ...letter }: DeadLetter): object {
  if (body === undefined) return letter
  const bytes = Buffer.from(body)
  return { ...letter, body: bytes.toString(), bodyBase64: bytes.toString('base64') }
}

export function errorOf({ errorName, failureReason, failureKind }: DeadLetter): string {
  const error = [errorName, failureReason].filter((part) => part !== undefined && part !== '').join(': ')
  return error === '' ? (failureKind ?? '') : error
}
