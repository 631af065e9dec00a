/**
 * Bytes to lines. Lines are cut in bytes and not in text: in UTF-8 no part of a longer character has the value of a
 * newline, so a character that two chunks share needs no care. All whole lines of a chunk are decoded at once.
 */
import { constants, isUtf8 } from 'node:buffer'
import { untilAborted } from './abort.ts'
import { encodeChunks } from './chunk-encoding.ts'
import { ProtocolError } from './protocol-error.ts'

/** One line without its line ending. `isUtf8` is false where `text` has U+FFFD in the place of bytes that are not. */
export interface ByteLine {
  /** From 1; empty lines count. */
  readonly lineNumber: number
  readonly text: string
  readonly isUtf8: boolean
}

export interface ReadByteLinesOptions {
  readonly lineBytesMax: number
  readonly signal: AbortSignal | undefined
}

/** So many bytes are decoded at once, whatever the size of the chunk. */
const blockBytesMax = 256 * 1024
/** Lines are cut out of one decoded string, which holds a longest line and a block. */
const lineBytesLimit = constants.MAX_STRING_LENGTH - blockBytesMax
const newline = 10

/**
 * Reads lines in blocks. A line ends with LF or CRLF; the last one may end with the input. A byte order mark before
 * the first line is dropped. Each block must be iterated to its end before the next one is asked for.
 *
 * @throws ProtocolError PROTOCOL_LINE_TOO_LONG after all lines before the long one were yielded.
 */
export async function* readLineBlocks(
  chunks: AsyncIterable<Uint8Array | string>,
  options: ReadByteLinesOptions,
): AsyncGenerator<Iterable<ByteLine>, void, undefined> {
  const splitter = new LineSplitter(options.lineBytesMax)
  for await (const bytes of encodeChunks(abortable(chunks, options.signal))) {
    for (let start = 0; start < bytes.length; start += blockBytesMax) {
      yield splitter.push(bytes.subarray(start, start + blockBytesMax))
    }
  }
  yield splitter.end()
}

/**
 * Yields what the source yields, and lets go of it at the end, also when the consumer stops early. After an abort the
 * source's `return` is called but not waited for: an async generator that waits inside `next` answers it only later.
 */
async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    const returned = iterator.return?.()
    if (signal?.aborted === true) returned?.catch(() => {})
    else await returned
  }
}

class LineSplitter {
  readonly #lineBytesMax: number
  /** The beginning of a line whose end has not come yet. Copies, since the caller may use its buffer again. */
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #lineNumber = 0

  constructor(lineBytesMax: number) {
    if (!(lineBytesMax >= 1 && lineBytesMax <= lineBytesLimit)) {
      throw new RangeError(`lineBytesMax is ${lineBytesMax}; it must lie between 1 and ${lineBytesLimit}`)
    }
    this.#lineBytesMax = lineBytesMax
  }

  *push(bytes: Uint8Array): Generator<ByteLine> {
    const end = bytes.lastIndexOf(newline)
    if (end >= 0) yield* this.#cut(this.#joinPending(bytes.subarray(0, end)))
    this.#keepPending(bytes.subarray(end + 1))
  }

  *end(): Generator<ByteLine> {
    if (this.#pendingBytes > 0) yield* this.#cut(this.#joinPending(new Uint8Array()))
  }

  #joinPending(bytes: Uint8Array): Buffer {
    const joined = Buffer.concat([...this.#pending, bytes])
    this.#pending = []
    this.#pendingBytes = 0
    return joined
  }

  #keepPending(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pending.push(Uint8Array.from(bytes))
    this.#pendingBytes += bytes.length
    // The three bytes of a byte order mark and the CR of a line ending are not part of the line.
    if (this.#pendingBytes > this.#lineBytesMax + 4) throw this.#lineTooLong(this.#lineNumber + 1)
  }

  *#cut(bytes: Buffer): Generator<ByteLine> {
    if (isUtf8(bytes)) {
      for (const text of bytes.toString('utf8').split('\n')) yield this.#line(text, true)
      return
    }
    for (let start = 0, end = 0; end >= 0; start = end + 1) {
      end = bytes.indexOf(newline, start)
      const line = bytes.subarray(start, end === -1 ? bytes.length : end)
      yield this.#line(line.toString('utf8'), isUtf8(line))
    }
  }

  #line(decoded: string, valid: boolean): ByteLine {
    const lineNumber = ++this.#lineNumber
    const start = lineNumber === 1 && decoded.startsWith('\uFEFF') ? 1 : 0
    const text = decoded.slice(start, decoded.endsWith('\r') ? -1 : undefined)
    if (this.#isTooLong(text)) throw this.#lineTooLong(lineNumber)
    return { lineNumber, text, isUtf8: valid }
  }

  /** One unit of a JavaScript string is one to three bytes, so the bytes of most lines need no counting. */
  #isTooLong(text: string): boolean {
    if (text.length * 3 <= this.#lineBytesMax) return false
    return text.length > this.#lineBytesMax || Buffer.byteLength(text) > this.#lineBytesMax
  }

  #lineTooLong(lineNumber: number): ProtocolError {
    return new ProtocolError('PROTOCOL_LINE_TOO_LONG', {
      message: `Line ${lineNumber} is longer than ${this.#lineBytesMax} bytes`,
      details: { lineNumber, lineBytesMax: this.#lineBytesMax },
    })
  }
}
