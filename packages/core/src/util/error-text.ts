/** `Name: message` of whatever was thrown. Never throws itself. */
export function errorText(error: unknown): string {
  let name: string = typeof error
  try {
    // By its members, not by `instanceof`: errors of another realm count as well.
    if (typeof error !== 'object' || error === null || !('message' in error)) return `${name}: ${shown(error)}`
    const { name: given } = error as { name?: unknown }
    name = typeof given === 'string' ? given : 'Error'
    return `${name}: ${String(error.message)}`
  } catch {
    return `${name}: cannot be shown`
  }
}

function shown(value: unknown): string {
  if (typeof value === 'object') return JSON.stringify(value)
  return typeof value === 'function' ? value.name : String(value as string)
}
