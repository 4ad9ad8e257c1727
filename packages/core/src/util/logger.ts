/** Where the bus reports what nobody asked for. Any logger with these methods fits (pino, winston, console). */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** A logger that fails must not take the events with it, and there is nowhere left to say so. */
export function writeTo(
  logger: Logger,
  level: keyof Logger,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
): void {
  try {
    logger[level](message, fields)
  } catch {
    // See above.
  }
}

/** Warnings and errors to stderr, one line each; nothing else. */
export const consoleLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message, fields) => console.warn(line(message, fields)),
  error: (message, fields) => console.error(line(message, fields)),
}

function line(message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? JSON.stringify(value) : String(value)}`)
  return ['[bus]', message, ...parts].join(' ')
}
