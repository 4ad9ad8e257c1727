/** What is written between `<!-- bench:NAME:begin -->` and `<!-- bench:NAME:end -->`, by name. */
export type Blocks = Readonly<Record<string, string>>

const marked = /(<!-- bench:([a-z-]+):begin -->\n)(.*?)(<!-- bench:\2:end -->)/gs

/** @throws if the page has a block that nobody writes. */
export function withBlocks(page: string, blocks: Blocks): string {
  return page.replaceAll(marked, (_, begin: string, name: string, _old: string, end: string) => {
    const content = blocks[name]
    if (content === undefined) throw new Error(`Nothing is known to write into the block "bench:${name}".`)
    return `${begin}\n${content.trim()}\n\n${end}`
  })
}

export function blockNames(page: string): string[] {
  return [...page.matchAll(marked)].map(([, , name = '']) => name)
}
