import type { Writable } from 'node:stream'
import { createMessageWriter } from '@eclusa/protocol'
import type { AirbyteMessage, AirbyteStreamStatus, MessageWriter } from '@eclusa/protocol'
import { createLog } from '../create-log.ts'
import { EclusaError } from '../error.ts'
import type { Log, LogLevel } from '../log.ts'
import { redactDeep, redactor } from '../redactor.ts'
import type { StreamName } from '../stream.ts'

const airbyteLevels = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const

/** What a connector says on its stdout. Secrets are replaced in every message but RECORDs, states and configurations. */
export class ConnectorOutput {
  readonly #writer: MessageWriter
  readonly #stdout: Writable
  readonly #secrets = new Set<string>()
  #redact = (text: string): string => text

  constructor(stdout: Writable) {
    this.#stdout = stdout
    this.#writer = createMessageWriter(stdout)
  }

  protect(secrets: readonly string[]): void {
    for (const secret of secrets) this.#secrets.add(secret)
    this.#redact = redactor(this.#secrets)
  }

  /** Writes a message as it is. */
  async write(message: AirbyteMessage): Promise<void> {
    await this.#writer.write(message)
  }

  /** Writes whole lines that were made elsewhere. Resolves when stdout takes more. */
  async writeLines(lines: Uint8Array): Promise<void> {
    await this.#writer.writeLines(lines)
  }

  /** Entries become LOG messages, in order with the others. */
  log(level: LogLevel): Log {
    return createLog({
      level,
      format: 'json',
      secrets: this.#secrets,
      write: (line) => {
        const { level: entryLevel, message, fields } = JSON.parse(line) as LogEntry
        const text = fields === undefined ? message : `${message} ${JSON.stringify(fields)}`
        // Whoever logs does not wait; what fails here fails the next message too.
        this.#writer.write({ type: 'LOG', log: { level: airbyteLevels[entryLevel], message: text } }).catch(() => {})
      },
    })
  }

  async status(stream: StreamName, status: AirbyteStreamStatus): Promise<void> {
    const stream_status = { stream_descriptor: { ...stream }, status }
    await this.write({ type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: Date.now(), stream_status } })
  }

  /** Tells of a failure: what it means and what to do for the user, where it happened for the developer. */
  async fail(error: unknown, stream?: StreamName): Promise<void> {
    const known = EclusaError.isInstance(error)
    const message = known ? `${error.message} ${error.remedy}` : 'The connector failed unexpectedly.'
    const trace = {
      message,
      internal_message: known ? `${error.code}: ${error.message}` : String(error),
      ...(error instanceof Error && error.stack !== undefined ? { stack_trace: error.stack } : {}),
      failure_type: known ? error.failureType : ('system_error' as const),
      ...(stream === undefined ? {} : { stream_descriptor: { ...stream } }),
    }
    const shown = redactDeep(trace, this.#redact) as typeof trace
    await this.write({ type: 'TRACE', trace: { type: 'ERROR', emitted_at: Date.now(), error: shown } })
  }

  redact(text: string): string {
    return this.#redact(text)
  }

  /** Resolves when all of it has left the process. */
  async flush(): Promise<void> {
    await this.#writer.flush()
  }

  get isUsable(): boolean {
    return !this.#stdout.destroyed
  }
}

interface LogEntry {
  readonly level: LogLevel
  readonly message: string
  readonly fields?: unknown
}
