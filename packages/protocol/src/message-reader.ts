import { readLineBlocks } from './byte-lines.ts'
import { parseProtocolLine } from './message-line.ts'
import type { MalformedLine, ProtocolLine } from './message-line.ts'
import { ProtocolError } from './protocol-error.ts'

export interface ReadMessagesOptions {
  /** The longest line that is accepted, in bytes without its line ending. Default 64 MiB. */
  readonly lineBytesMax?: number
  /** What a malformed line does: `report` (default) yields it and goes on, `throw` ends the reading. */
  readonly onMalformed?: 'report' | 'throw'
  /** Ends the wait for the next chunk. */
  readonly signal?: AbortSignal | undefined
}

const lineBytesMaxDefault = 64 * 1024 * 1024

/**
 * Reads the messages of a connector, one per line of JSON, from chunks such as its stdout or our stdin.
 *
 * *Shape.* Yields one `ProtocolLine` per line that is not empty, with its number and its text: `message` (checked),
 * `unknown` (a type of a later protocol), `text` (something else that was printed) or `malformed` (with the reason).
 * Lines may end with LF or CRLF, the last one with the input; a byte order mark at the start is dropped. Chunks may
 * be cut anywhere, also inside a character.
 *
 * *Checks.* Every message is checked by its zod schema; of a RECORD's `data` it is only asked that it is an object.
 * Numbers are exact: one that a double cannot hold is a `JsonNumber`. Unknown fields are kept, since the parsed JSON
 * itself is yielded. Write `text` on to pass a line on byte by byte; write `message` on to pass on the same values.
 *
 * *Order and back-pressure.* Lines come in their order. The next chunk is asked for when all lines of the last one
 * are consumed, so at most one chunk and one unfinished line are held. When the consumer stops early, the chunks'
 * iterator is closed. After an abort it is told to close but not waited for: end the stream behind it yourself.
 *
 * @throws ProtocolError PROTOCOL_LINE_TOO_LONG when a line exceeds `lineBytesMax`: a row that is skipped is a row lost.
 * @throws ProtocolError PROTOCOL_LINE_MALFORMED only with `onMalformed: 'throw'`.
 * @throws the signal's reason when it is aborted, and whatever the chunks throw.
 */
export async function* readMessages(
  chunks: AsyncIterable<Uint8Array | string>,
  options: ReadMessagesOptions = {},
): AsyncGenerator<ProtocolLine, void, undefined> {
  const { lineBytesMax = lineBytesMaxDefault, onMalformed = 'report', signal } = options
  for await (const lines of readLineBlocks(chunks, { lineBytesMax, signal })) {
    for (const byteLine of lines) {
      if (byteLine.text === '') continue
      const line = parseProtocolLine(byteLine)
      if (line.kind === 'malformed' && onMalformed === 'throw') throw malformedError(line)
      yield line
    }
  }
}

function malformedError({ lineNumber, reason, problem }: MalformedLine): ProtocolError {
  return new ProtocolError('PROTOCOL_LINE_MALFORMED', {
    message: `Line ${lineNumber} is not a message of the protocol. ${problem}`,
    details: { lineNumber, reason },
  })
}
