/** Readable on white and on black alike: at least 4.3 to 1 on both. */
export const colours = {
  text: '#787e86',
  grid: '#787e8640',
  ours: '#2f81f7',
  others: '#8b949e',
  base: '#c4762b',
} as const

/** A whole drawing; `title` is what a screen reader says. */
export function drawing(width: number, height: number, title: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="13" fill="${colours.text}">`,
    `<title>${escaped(title)}</title>`,
    ...content,
    '</svg>',
    '',
  ].join('\n')
}

export type Attributes = Readonly<Record<string, string | number>>

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : escaped(value)}"`,
  )
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
}

/** `y` is the base line. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escaped(content))
}

export function line(from: readonly [number, number], to: readonly [number, number], attributes: Attributes): string {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes })
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
