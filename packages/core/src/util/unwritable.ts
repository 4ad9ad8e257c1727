/** What in `value` JSON cannot write, and where: a bigint, or a cycle. `undefined`: nothing of that kind. */
export function unwritable(
  value: unknown,
  path: string,
  above: ReadonlyMap<object, string> = new Map(),
): string | undefined {
  if (typeof value === 'bigint') return `${path} is a bigint`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  const first = above.get(value)
  if (first !== undefined) return `${path} leads back to ${first}`
  const within = new Map(above).set(value, path)
  for (const [name, member] of Object.entries(value)) {
    const place = Array.isArray(value)
      ? `[${name}]`
      : /^[A-Za-z_$][\w$]*$/.test(name)
        ? `.${name}`
        : `[${JSON.stringify(name)}]`
    const found = unwritable(member, path + place, within)
    if (found !== undefined) return found
  }
  return undefined
}
