import { createLog } from '@eclusa/sdk'
import type { Log, LogLevel } from '@eclusa/sdk'

/** Something that the source or the destination of a run warned of. */
export interface RunWarning {
  readonly level: LogLevel
  readonly message: string
  /** Plain JSON data. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface RunLogOptions {
  /** Where all entries go. */
  readonly log: Log
  /** Values that a stored event must not hold. */
  readonly secrets: Iterable<string>
  /** Told of warnings and errors, with secrets redacted. */
  readonly onWarning: (warning: RunWarning) => void
}

/** The log that a run gives to its connectors: a warning must still be found when the terminal is long closed. */
export function createRunLog({ log, secrets, onWarning }: RunLogOptions): Log {
  const warnings = createLog({
    level: 'warn',
    format: 'json',
    secrets,
    write: (line) => {
      const { level, message, fields = {} } = JSON.parse(line) as Partial<RunWarning> & Omit<RunWarning, 'fields'>
      onWarning({ level, message, fields })
    },
  })
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.info(message, fields),
    warn: (message, fields) => {
      log.warn(message, fields)
      warnings.warn(message, fields)
    },
    error: (message, fields) => {
      log.error(message, fields)
      warnings.error(message, fields)
    },
  }
}
