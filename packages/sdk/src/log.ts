export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Structured logging: a sentence and typed fields. Secrets are redacted by value; row values are never passed in. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}
