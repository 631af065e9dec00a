import type { BatchBuilder } from '../codec/batch-builder.ts'
import { malformed } from '../codec/value-codec.ts'
import type { ValueCodec, WireBytes } from '../codec/value-codec.ts'

/*
 * Tuples of COPY (FORMAT binary): a 16-bit count of fields, then each field as a 32-bit length (-1 for null) and its
 * bytes. The server sends each tuple as one CopyData message (PostgreSQL docs, "Message Formats", CopyData). Decoders
 * walk the messages themselves, since that is done for each row.
 */

/** The type byte of CopyData. */
export const copyDataType = 0x64
/** Type byte and length word of every message; the length counts itself. */
export const messageHeaderBytes = 5
/** Stands where the count of fields is expected, after the last tuple. */
export const trailerCount = -1

export interface TupleDecoder {
  /** Tuples in the current batch; set to 0 when it was taken. */
  rows: number
  /** True when the current batch must be taken before decoding goes on. */
  isFull: boolean
  /** True when the trailer was read. */
  isEnded: boolean
  /** Index of the column that was being decoded when `decode` threw. */
  faultyColumn: number
  /**
   * Decodes CopyData messages until the bytes end with a partial one, another message comes, the batch is full or the
   * trailer was read. Returns where it stopped. @param skip bytes of the first message before its tuple.
   */
  decode(wire: WireBytes, start: number, end: number, skip: number): number
}

export interface TupleDecoderOptions {
  /** The codecs of the values as COPY sends them, one per column. */
  readonly codecs: readonly ValueCodec[]
  readonly builder: BatchBuilder
}

/** Decodes value by value. The generated decoder does the same, faster; this one serves where code may not be made. */
export function createInterpretedDecoder({ codecs, builder }: TupleDecoderOptions): TupleDecoder {
  const { columns } = builder
  const decoder: TupleDecoder = {
    rows: 0,
    isFull: false,
    isEnded: false,
    faultyColumn: -1,
    decode(wire, start, end, skip) {
      const { bytes, view } = wire
      let at = start
      let payload = messageHeaderBytes + skip
      decoder.isFull = false
      while (at + messageHeaderBytes <= end && bytes[at] === copyDataType && !decoder.isEnded) {
        const next = at + 1 + view.getInt32(at + 1)
        if (next > end) break
        if (isBatchFull(next - at)) {
          decoder.isFull = true
          break
        }
        decodeTuple(wire, at + payload, next)
        payload = messageHeaderBytes
        at = next
      }
      return at
    },
  }
  return decoder

  function isBatchFull(messageBytes: number): boolean {
    if (decoder.rows === 0) return false
    return decoder.rows === builder.rowsMax || builder.bytesUsed(decoder.rows) + messageBytes > builder.bytesMax
  }

  function decodeTuple(wire: WireBytes, start: number, end: number): void {
    decoder.faultyColumn = -1
    const count = wire.view.getInt16(start)
    if (count === trailerCount && start + 2 === end) {
      decoder.isEnded = true
      return
    }
    if (count !== columns.length) throw wrongFieldCount(count, columns.length)
    let at = start + 2
    for (let index = 0; index < columns.length; index++) {
      decoder.faultyColumn = index
      at = decodeField(wire, at, end, index)
    }
    decoder.faultyColumn = -1
    if (at !== end) throw wrongTupleLength()
    decoder.rows++
  }

  function decodeField(wire: WireBytes, at: number, end: number, index: number): number {
    const length = wire.view.getInt32(at)
    const start = at + 4
    if (length === -1) {
      columns[index]!.setNull(decoder.rows)
      return start
    }
    if (length < 0 || length > end - start) throw wrongFieldLength(length)
    codecs[index]!.decodeBinary(columns[index]!, decoder.rows, wire, start, length)
    return start + length
  }
}

export function wrongFieldCount(count: number, expected: number): Error {
  return malformed(`the tuple has ${count} fields instead of ${expected}`)
}

export function wrongFieldLength(length: number): Error {
  return malformed(`its length is given as ${length}`)
}

export function wrongTupleLength(): Error {
  return malformed('the tuple is not as long as its message')
}
