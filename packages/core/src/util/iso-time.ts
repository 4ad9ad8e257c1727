let lastMs = -1
let lastText = ''

/** ISO 8601 in UTC. Many events share a millisecond, and writing a date costs more than the rest of an event. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastText
}
