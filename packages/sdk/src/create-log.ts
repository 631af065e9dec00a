import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { loggable } from './loggable.ts'
import { logLevels } from './log.ts'
import type { Log, LogLevel } from './log.ts'
import { redactor } from './redactor.ts'

/** What a log writes, where, and what it must not write. */
export interface LogOptions {
  /** Less serious entries are dropped. Default: `info`. */
  readonly level?: LogLevel
  /** `text`: one line for a person, errors with their stack below it; `json`: one JSON object per line. Default: `text`. */
  readonly format?: 'text' | 'json'
  /** Receives each entry with its line end. Called synchronously and in order. */
  readonly write: (line: string) => void
  /** Values that must never be written; see `redactor`. Default: none. */
  readonly secrets?: Iterable<string>
  /** Colours the level, for a terminal. `text` only. Default: false. */
  readonly color?: boolean
  /** Default: the system's clock. */
  readonly clock?: Clock
}

/**
 * Makes a log that redacts by value: every string of an entry (message, keys, fields, errors with causes and stacks) has
 * every secret replaced before it is written, in all the forms `redactor` knows.
 *
 * A JSON entry is `{"time": ISO 8601 in UTC, "level", "message", "fields"?}`; the fields are nested, so that none can
 * hide another key. Writing never throws because of what the fields hold.
 *
 * @example
 * const log = createLog({ write: (line) => process.stderr.write(line), secrets: source.secrets })
 * log.info('copied', { stream: 'public.orders', rows: 1_000_000 })
 * // 12:00:00.000Z info  copied stream=public.orders rows=1000000
 */
export function createLog(options: LogOptions): Log {
  const { level = 'info', format = 'text', write, secrets = [], color = false, clock = systemClock } = options
  const redact = redactor(secrets)
  const formatEntry = format === 'json' ? jsonLine : (entry: Entry) => textLine(entry, color)
  const logAt = (entryLevel: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (logLevels.indexOf(entryLevel) < logLevels.indexOf(level)) return
    const plain = fields === undefined ? undefined : loggable(fields, redact)
    write(
      formatEntry({
        time: new Date(clock.nowMs()).toISOString(),
        level: entryLevel,
        message: redact(message),
        fields: plain,
      }),
    )
  }
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }
}

interface Entry {
  readonly time: string
  readonly level: LogLevel
  readonly message: string
  /** Plain JSON data, already redacted. */
  readonly fields: unknown
}

function jsonLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`
}

const levelColors: Record<LogLevel, number> = { debug: 90, info: 36, warn: 33, error: 31 }

function textLine({ time, level, message, fields }: Entry, color: boolean): string {
  const label = color ? `\u001B[${levelColors[level]}m${level}\u001B[39m` : level
  const entries = Object.entries(fields ?? {})
  const words = entries
    .filter(([, value]) => stackOf(value) === undefined)
    .map(([key, value]) => `${key}=${word(value)}`)
  const errors = entries.flatMap(([key, value]) => errorLines(key, value))
  const line = [time.slice(11), label + ' '.repeat(5 - level.length), oneLine(message), ...words].join(' ')
  return `${[line, ...errors].join('\n')}\n`
}

/** A message of several lines must not look like several entries. */
function oneLine(text: string): string {
  return text.replaceAll(/\r?\n/g, '\n    ')
}

function word(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

function stackOf(value: unknown): string | undefined {
  const stack = (value as { stack?: unknown } | null)?.stack
  return typeof stack === 'string' ? stack : undefined
}

function errorLines(key: string, error: unknown): string[] {
  const stack = stackOf(error)
  if (stack === undefined) return []
  const { name: _name, message: _message, stack: _stack, cause, errors, ...facts } = error as Record<string, unknown>
  const words = Object.entries(facts).map(([fact, value]) => ` ${fact}=${word(value)}`)
  return [
    `  ${key}:${words.join('')} ${stack}`.replaceAll(/\r?\n/g, '\n    '),
    ...(cause === undefined ? [] : causeLines(cause)),
    ...(Array.isArray(errors) ? errors.flatMap(causeLines) : []),
  ]
}

function causeLines(cause: unknown): string[] {
  return stackOf(cause) === undefined ? [`  cause: ${word(cause)}`] : errorLines('cause', cause)
}
