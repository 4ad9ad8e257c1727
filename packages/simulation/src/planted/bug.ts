/** A bug to be planted in a copy of the core: one place in one file, changed. */
export interface Bug {
  readonly name: string
  /** From `packages/core/src` on. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** `source` with the bug in it. `undefined` unless its place is there once: the core has moved on, and the bug has to follow. */
export function plant({ from, to }: Bug, source: string): string | undefined {
  return source.split(from).length === 2 ? source.replace(from, () => to) : undefined
}
