import type { Env } from '@bus/core/spi'

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Colour = keyof typeof codes
export type Paint = (colour: Colour, text: string) => string

/** Colours on a terminal only, and not with NO_COLOR (https://no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Env, wanted: boolean): Paint {
  const on = wanted && stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return on ? (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m` : (_, text) => text
}
