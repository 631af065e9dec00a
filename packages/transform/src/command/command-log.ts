import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'
import { EclusaError } from '@eclusa/sdk'
import type { Log } from '@eclusa/sdk'
import { ansiPaint, plainPaint } from './fancy-line.ts'
import type { LineOptions, Paint } from './fancy-line.ts'
import type { LineLevel } from './run-summary.ts'
import { warningName } from './warning-name.ts'
import type { WarningPolicy } from './warning-policy.ts'

type Format = 'text' | 'debug' | 'json'

export interface CommandLogOptions {
  readonly write: (line: string) => void
  readonly level: LineLevel | 'none'
  readonly format: string
  readonly fileLevel: LineLevel | 'none'
  readonly fileFormat: string
  /** Folder of dbt.log; without it no file is written. */
  readonly folder?: string
  readonly fileBytesMax: number
  readonly useColors: boolean
  readonly useColorsFile: boolean
  readonly width: number
  /** Only failures, and what was asked to be printed. */
  readonly isQuiet: boolean
  /** Which warnings end the command, and which are not told of. */
  readonly warnings: WarningPolicy
  /** Tells of a deprecation every time, rather than of the first of each kind. Default: false. */
  readonly showsAllDeprecations?: boolean
  readonly invocationId: string
}

/** dbt's name and code of an event, and what it tells, for those who read the log by program. */
export interface EventFacts {
  readonly name: string
  readonly code: string
  readonly data?: Readonly<Record<string, unknown>>
}

const ranks = { debug: 0, info: 1, warn: 2, error: 3, none: 4 } as const
const note: EventFacts = { name: 'Note', code: 'Z050' }

/**
 * What a command tells: on the console as text, with more facts, or as one JSON object per line, and in a file. Both
 * have levels and forms of their own.
 */
export class CommandLog implements Log, Disposable {
  readonly #options: CommandLogOptions
  readonly #file: number | undefined
  /** How often each was met. */
  readonly #deprecations = new Map<string, number>()

  constructor(options: CommandLogOptions) {
    this.#options = options
    this.#file = options.folder === undefined ? undefined : openLogFile(options.folder, options.fileBytesMax)
  }

  /** How lines are made that have a width and colours. */
  get lineOptions(): LineOptions {
    const { useColors, width } = this.#options
    const paint: Paint = useColors && this.#consoleFormat() !== 'json' ? ansiPaint : plainPaint
    return { paint, width }
  }

  debug(message: string): void {
    this.event('debug', message)
  }

  info(message: string): void {
    this.event('info', message)
  }

  /**
   * Of deprecations the first of each kind is, and all are counted.
   *
   * @throws WARNING_REFUSED where a warning of this name is to fail the command.
   */
  warn(message: string): void {
    const name = warningName(message)
    const verdict = this.#options.warnings.verdict(name)
    if (verdict === 'error') throw new EclusaError('WARNING_REFUSED', { message: `${name}: ${message}` })
    if (verdict === 'silence') return
    const count = (this.#deprecations.get(name) ?? 0) + 1
    if (name.endsWith('Deprecation')) this.#deprecations.set(name, count)
    if (count > 1 && this.#options.showsAllDeprecations !== true) return
    const { paint } = this.lineOptions
    this.event('warn', `[${paint('yellow', 'WARNING')}]: ${message}`)
  }

  /** How often something was used that dbt will no longer take, at the end of a command. */
  tellDeprecations(): void {
    if (this.#deprecations.size === 0) return
    const counts = [...this.#deprecations].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const lines = counts.map(([name, count]) => `- ${name}: ${count} ${count === 1 ? 'occurrence' : 'occurrences'}`)
    const advice =
      'All of them are shown with --show-all-deprecations, those found while parsing with --no-partial-parse.'
    const { paint } = this.lineOptions
    const head = `[${paint('yellow', 'WARNING')}][DeprecationsSummary]: Deprecated functionality`
    this.event('warn', [head, 'Summary of encountered deprecations:', ...lines, advice].join('\n'))
  }

  error(message: string): void {
    this.event('error', message)
  }

  event(level: LineLevel, message: string, facts: EventFacts = note): void {
    const { isQuiet } = this.#options
    const floor = isQuiet ? ranks.error : ranks[this.#options.level]
    if (ranks[level] >= floor) this.#options.write(this.#line(this.#consoleFormat(), level, message, facts))
    this.#writeFile(level, message, facts)
  }

  /** A result rather than a remark: on the console without a time, even when quiet. */
  print(message: string): void {
    const facts = { name: 'PrintEvent', code: 'Z052' }
    const format = this.#consoleFormat()
    if (this.#options.level !== 'none' || this.#options.isQuiet) {
      this.#options.write(format === 'text' ? message : this.#line(format, 'info', message, facts))
    }
    this.#writeFile('info', message, facts)
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #consoleFormat(): Format {
    return formatOf(this.#options.format, 'text')
  }

  #writeFile(level: LineLevel, message: string, facts: EventFacts): void {
    if (this.#file === undefined || ranks[level] < ranks[this.#options.fileLevel]) return
    const text = this.#options.useColorsFile ? message : withoutColors(message)
    writeSync(this.#file, `${this.#line(formatOf(this.#options.fileFormat, 'debug'), level, text, facts)}\n`)
  }

  #line(format: Format, level: LineLevel, message: string, facts: EventFacts): string {
    const now = new Date().toISOString()
    switch (format) {
      case 'json':
        return this.#jsonLine({ level, message, facts, now })
      case 'debug':
        return `${now.slice(11, 23)}000 [${level.padEnd(5)}] [MainThread]: ${message}`
      case 'text': {
        const reset = this.#options.useColors ? '\u001B[0m' : ''
        return `${reset}${now.slice(11, 19)}  ${message}`
      }
    }
  }

  #jsonLine({
    level,
    message,
    facts,
    now,
  }: {
    readonly level: LineLevel
    readonly message: string
    readonly facts: EventFacts
    readonly now: string
  }): string {
    const { name, code, data = {} } = facts
    return JSON.stringify({
      data: { ...data, ...(name === 'Note' || name === 'PrintEvent' ? { msg: message } : {}) },
      info: {
        category: '',
        code,
        extra: {},
        invocation_id: this.#options.invocationId,
        level,
        msg: withoutColors(message),
        name,
        pid: process.pid,
        thread: 'MainThread',
        ts: now.replace('Z', '000Z'),
      },
    })
  }
}

function formatOf(format: string, usual: Format): Format {
  return format === 'json' || format === 'debug' || format === 'text' ? format : usual
}

function withoutColors(text: string): string {
  return stripVTControlCharacters(text)
}

/** A file that has grown too large becomes dbt.log.1. A place where nothing can be written is no reason to fail. */
function openLogFile(folder: string, bytesMax: number): number | undefined {
  const file = path.join(folder, 'dbt.log')
  try {
    mkdirSync(folder, { recursive: true })
    const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
    if (bytesMax > 0 && size > bytesMax) renameSync(file, `${file}.1`)
    return openSync(file, 'a')
  } catch {
    return undefined
  }
}
