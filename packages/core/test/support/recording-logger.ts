import type { Logger } from '../../src/util/logger.ts'

type Fields = Readonly<Record<string, unknown>>

/** Keeps what it is told. */
export class RecordingLogger implements Logger {
  readonly lines: [level: keyof Logger, message: string, fields: Fields | undefined][] = []

  debug(message: string, fields?: Fields): void {
    this.lines.push(['debug', message, fields])
  }

  info(message: string, fields?: Fields): void {
    this.lines.push(['info', message, fields])
  }

  warn(message: string, fields?: Fields): void {
    this.lines.push(['warn', message, fields])
  }

  error(message: string, fields?: Fields): void {
    this.lines.push(['error', message, fields])
  }
}
