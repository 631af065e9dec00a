import { EclusaError, createLog, formatError, redactDeep, redactor } from '@eclusa/sdk'
import type { Log, LogLevel } from '@eclusa/sdk'
import type { Outcome } from './exit-code.ts'
import { outcomeOfError } from './exit-code.ts'
import type { Interruption } from './interruption.ts'
import { entryLine } from './output/event-line.ts'
import type { LogEntry } from './output/event-line.ts'
import type { Terminal } from './output/terminal.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string
  readonly logFormat: 'text' | 'json'
  readonly quiet?: true
  readonly debug?: true
}

/** What the process gives to commands: tests hand in their own. */
export interface CommandHost {
  readonly terminal: Terminal
  readonly interruption: Interruption
  readonly env: Readonly<Record<string, string | undefined>>
  /** The working directory. */
  readonly directory: string
}

/**
 * What a command works with. Results go to stdout, everything else to stderr; with `--log-format json` both go to
 * stdout, one JSON object per line. Secrets are replaced in everything but rows that the user asked to see.
 */
export class CommandContext {
  readonly terminal: Terminal
  readonly interruption: Interruption
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory: string
  readonly options: GlobalOptions
  readonly #secrets = new Set<string>()
  #redact = (text: string): string => text

  constructor(host: CommandHost, options: GlobalOptions) {
    this.terminal = host.terminal
    this.interruption = host.interruption
    this.env = host.env
    this.directory = host.directory
    this.options = options
  }

  get isJson(): boolean {
    return this.options.logFormat === 'json'
  }

  /** The same command, with another configuration. */
  withConfig(path: string): CommandContext {
    const context = new CommandContext(this, { ...this.options, config: path })
    context.protect([...this.#secrets])
    return context
  }

  /** Never shows these values again. */
  protect(secrets: readonly string[]): void {
    for (const secret of secrets) this.#secrets.add(secret)
    this.#redact = redactor(this.#secrets)
  }

  /** A log that hides the secrets known by now. */
  log(): Log {
    const level: LogLevel = this.options.debug ? 'debug' : this.options.quiet ? 'error' : 'info'
    const write = (line: string) => {
      if (this.isJson) this.terminal.print(`{"type":"log",${line.trimEnd().slice(1)}`)
      else this.terminal.note(entryLine(JSON.parse(line) as LogEntry, this.terminal.paintNote))
    }
    return createLog({ level, format: 'json', write, secrets: this.#secrets })
  }

  /** Writes a result: as text for people, or as one JSON object per line. */
  result(result: { readonly text: string; readonly lines: readonly object[] }): void {
    if (this.isJson) for (const line of result.lines) this.jsonLine(line)
    else if (result.text !== '') this.terminal.print(this.#redact(result.text))
  }

  /** Writes rows of data exactly as they are. */
  data(text: string): void {
    this.terminal.print(text)
  }

  jsonLine(value: object): void {
    this.terminal.print(JSON.stringify(redactDeep(value, this.#redact)))
  }

  /** A remark for the person who watches; not for programs, and not when quiet. */
  note(text: string): void {
    if (!this.isJson && this.options.quiet !== true) this.terminal.note(this.#redact(text))
  }

  redact(text: string): string {
    return this.#redact(text)
  }

  /** Tells of a failure and says how the command ends. */
  fail(error: unknown): Outcome {
    const debug = this.options.debug === true
    const isStopped = this.interruption.stopSignal.aborted
    // What breaks because it was told to stop is no failure.
    if (isStopped) this.note(this.terminal.paintNote('yellow', 'Stopped.'))
    if (isStopped && !debug) return 'cancelled'
    if (this.isJson) this.jsonLine(errorLine(error, debug))
    else
      this.terminal.note(
        `${this.terminal.paintNote('red', '✗')} ${formatError(error, { debug, redact: this.#redact })}`,
      )
    return isStopped ? 'cancelled' : outcomeOfError(error)
  }
}

function errorLine(error: unknown, debug: boolean): object {
  const stack = debug && error instanceof Error ? { stack: error.stack } : {}
  if (EclusaError.isInstance(error)) {
    const { code, failureType, message, remedy } = error
    return { type: 'error', code, failureType, message, remedy, ...stack }
  }
  return { type: 'error', code: 'INTERNAL', failureType: 'system_error', message: String(error), ...stack }
}
