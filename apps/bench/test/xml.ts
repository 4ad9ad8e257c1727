export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

const token = /<(\/?)([a-zA-Z]+)((?: [\w:-]+="[^"<&]*(?:&(?:amp|lt|quot);[^"<&]*)*")*)(\/?)>|([^<]+)/gy

/** The elements of a document without comments and processing instructions. Throws where it is not well formed. */
export function elementsOf(document: string): XmlElement[] {
  const found: XmlElement[] = []
  const open: string[] = []
  let end = 0
  for (const [all, closing, name = '', attributes = '', empty, content] of document.matchAll(token)) {
    end += all.length
    if (content !== undefined) {
      if (/&(?!amp;|lt;|quot;)/.test(content) || (open.length === 0 && content.trim() !== ''))
        throw new Error(`Text that does not belong there: ${content.slice(0, 60)}`)
    } else if (closing !== '') {
      if (open.pop() !== name) throw new Error(`</${name}> closes what is not open.`)
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`<${name}> has an attribute twice.`)
      found.push({ name, attributes: Object.fromEntries(pairs) as Record<string, string> })
      if (empty === '') open.push(name)
    }
  }
  if (end < document.length) throw new Error(`This is no markup: ${document.slice(end, end + 60)}`)
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is never closed.`)
  return found
}
