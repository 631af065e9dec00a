/** From the least to the most serious. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
/** How serious an entry is. */
export type LogLevel = (typeof logLevels)[number]

/** Structured logging: a sentence and typed fields. Secrets are redacted by value; row values are never passed in. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}
