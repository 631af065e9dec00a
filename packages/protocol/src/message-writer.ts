import type { Writable } from 'node:stream'
import { untilAborted } from './abort.ts'
import type { AirbyteMessage } from './message.ts'
import { formatMessage } from './message-text.ts'
import { ProtocolError } from './protocol-error.ts'

export interface MessageWriterOptions {
  /** Ends the wait for the output; later writes are refused too. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes messages, one per line of JSON. Lines come out in the order of the calls, whether or not these are awaited.
 * All methods reject with PROTOCOL_OUTPUT_FAILED when the output failed, ended or was closed, and with the signal's
 * reason after an abort.
 */
export interface MessageWriter {
  /**
   * Writes one message; resolves when the output has accepted it, that is when its buffer is below its high-water mark
   * again. Await it before making the next message: that bounds the memory.
   *
   * @throws ProtocolError PROTOCOL_NUMBER_UNREPRESENTABLE for a NaN or an infinity in the message.
   */
  write(message: AirbyteMessage): Promise<void>
  /** Writes many messages in few pieces of about 64 KiB, each accepted before the next one is made. */
  writeAll(messages: Iterable<AirbyteMessage>): Promise<void>
  /** Writes a line as it is: one that was read, of whatever kind, or a RECORD that was formatted elsewhere. */
  writeLine(text: string): Promise<void>
  /** Writes whole lines with their line ends, as they are. The bytes must not change before it resolves. */
  writeLines(lines: Uint8Array): Promise<void>
  /** Resolves when all that was written has left the process's buffer. Await it before the process ends. */
  flush(): Promise<void>
  /** Flushes, and no longer listens to the output, which stays open. */
  [Symbol.asyncDispose](): Promise<void>
}

const pieceCharactersMax = 64 * 1024

/**
 * Makes a writer of messages on a Node stream such as stdout. The stream stays open: its owner ends it. From here to
 * the disposal its errors end no process, but reject the next call.
 */
export function createMessageWriter(output: Writable, options: MessageWriterOptions = {}): MessageWriter {
  return new StreamMessageWriter(output, options.signal)
}

class StreamMessageWriter implements MessageWriter {
  readonly #output: Writable
  readonly #signal: AbortSignal | undefined
  /** Settles when the last call in line is through. Every call waits for the one before it. */
  #lastTurn: Promise<void> = Promise.resolve()

  constructor(output: Writable, signal: AbortSignal | undefined) {
    this.#output = output
    this.#signal = signal
    output.on('error', ignoreError)
  }

  async write(message: AirbyteMessage): Promise<void> {
    const text = `${formatMessage(message)}\n`
    await this.#inTurn(() => this.#accept(text))
  }

  async writeAll(messages: Iterable<AirbyteMessage>): Promise<void> {
    for (const piece of joinedLines(messages)) await this.#inTurn(() => this.#accept(piece))
  }

  async writeLine(text: string): Promise<void> {
    if (text.includes('\n')) throw new RangeError('The text of a line must not hold a newline')
    await this.#inTurn(() => this.#accept(`${text}\n`))
  }

  async writeLines(lines: Uint8Array): Promise<void> {
    await this.#inTurn(() => this.#accept(lines))
  }

  async flush(): Promise<void> {
    await this.#inTurn(() => this.#flushed())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.flush()
    } finally {
      this.#output.off('error', ignoreError)
    }
  }

  async #inTurn(task: () => Promise<void>): Promise<void> {
    const previousTurn = this.#lastTurn
    const turn = Promise.withResolvers<void>()
    this.#lastTurn = turn.promise
    await previousTurn
    try {
      this.#refuseIfUnusable()
      await task()
    } finally {
      turn.resolve()
    }
  }

  #refuseIfUnusable(): void {
    this.#signal?.throwIfAborted()
    const { destroyed, writableEnded, errored } = this.#output
    if (errored) throw outputFailed('The output of the messages failed', errored)
    if (destroyed || writableEnded) throw outputFailed('The output of the messages is closed')
  }

  async #accept(lines: string | Uint8Array): Promise<void> {
    // Somebody else may have filled the same stream.
    if (this.#output.writableNeedDrain) await this.#drained()
    if (!this.#output.write(lines, 'utf8')) await this.#drained()
  }

  async #drained(): Promise<void> {
    const drained = Promise.withResolvers<void>()
    const onDrain = (): void => drained.resolve()
    const onError = (cause: unknown): void => drained.reject(outputFailed('The output of the messages failed', cause))
    const onClose = (): void => drained.reject(outputFailed('The output of the messages was closed'))
    this.#output.on('drain', onDrain).on('error', onError).on('close', onClose)
    try {
      await untilAborted(drained.promise, this.#signal)
    } finally {
      this.#output.off('drain', onDrain).off('error', onError).off('close', onClose)
    }
  }

  async #flushed(): Promise<void> {
    const flushed = Promise.withResolvers<void>()
    // The callback of an empty write comes after those of all writes before it.
    this.#output.write('', 'utf8', (error) => {
      if (error) flushed.reject(outputFailed('The output of the messages failed', error))
      else flushed.resolve()
    })
    await untilAborted(flushed.promise, this.#signal)
  }
}

/** An error that nobody listens to ends the process. The next call finds it in `errored`, or fails by itself. */
function ignoreError(): void {}

function* joinedLines(messages: Iterable<AirbyteMessage>): Generator<string> {
  let text = ''
  for (const message of messages) {
    text += `${formatMessage(message)}\n`
    if (text.length < pieceCharactersMax) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

function outputFailed(message: string, cause?: unknown): ProtocolError {
  return new ProtocolError('PROTOCOL_OUTPUT_FAILED', { message, cause })
}
