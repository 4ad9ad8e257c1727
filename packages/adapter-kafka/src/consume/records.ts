import type { LogRecord } from '../driver/driver.ts'

/** What waits for long is not to keep all that came with it. */
export function alone(record: LogRecord): LogRecord {
  const { key, value } = record
  return { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) }
}

/** What it takes to keep it. */
export function sizeOf({ key, value }: LogRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0)
}
