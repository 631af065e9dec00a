import type { BatchBuilder } from '../codec/batch-builder.ts'
import { malformed } from '../codec/value-codec.ts'
import type { ValueCodec, WireBytes } from '../codec/value-codec.ts'

/*
 * Tuples of COPY (FORMAT binary): a 16-bit count of fields, then each field as a 32-bit length (-1 for null) and its
 * bytes. The server sends each tuple as one CopyData message (PostgreSQL docs, "Message Formats", CopyData).
 *
 * Tuples are decoded in runs: first all complete messages that were received are found, then the columns are decoded
 * from them, group by group. A group is few enough columns for a loop that the runtime compiles well; wide tables have
 * many of them.
 */

/** The type byte of CopyData. */
export const copyDataType = 0x64
/** Type byte and length word of every message; the length counts itself. */
export const messageHeaderBytes = 5

const fieldCountBytes = 2
/** Stands where the count of fields is expected, after the last tuple. */
const trailerCount = -1
const fieldLengthBytes = 4
const runLengthMax = 1024

/** Tuples that lie complete in the received bytes. */
export interface TupleRun {
  count: number
  /** Row of the batch that the first tuple becomes. */
  firstRow: number
  /** Where the next field of each tuple begins: at the first column of a group before it, behind the last after it. */
  readonly cursors: Int32Array
  /** Where each tuple's message ends. */
  readonly ends: Int32Array
  /** The column being decoded when a group throws; -1 when it is not known. */
  faultyColumn: number
}

/** Decodes consecutive columns of a run of tuples, and moves the cursors behind them. */
export type GroupDecoder = (wire: WireBytes, run: TupleRun) => void

export interface TupleDecoderOptions {
  readonly builder: BatchBuilder
  /** Together all columns, in order. */
  readonly groups: readonly GroupDecoder[]
}

export class TupleDecoder {
  readonly #builder: BatchBuilder
  readonly #groups: readonly GroupDecoder[]
  readonly #run: TupleRun = {
    count: 0,
    firstRow: 0,
    cursors: new Int32Array(runLengthMax),
    ends: new Int32Array(runLengthMax),
    faultyColumn: -1,
  }
  /** Bytes of a message without any value. */
  readonly #emptyTupleBytes: number
  /** What the tuples of the batch take at most, as far as their messages tell: the same however they arrive. */
  #bytesExpected = 0
  /** Tuples in the current batch. */
  rows = 0
  /** True when the current batch must be taken before decoding goes on. */
  isFull = false
  /** True when the trailer was read. */
  isEnded = false

  constructor({ builder, groups }: TupleDecoderOptions) {
    this.#builder = builder
    this.#groups = groups
    this.#emptyTupleBytes = messageHeaderBytes + fieldCountBytes + fieldLengthBytes * builder.columns.length
  }

  /** Begins the next batch. */
  begin(): void {
    this.rows = 0
    this.#bytesExpected = 0
    this.#builder.begin()
  }

  /** Index of the column that was being decoded when `decode` threw; -1 when it is not known. */
  get faultyColumn(): number {
    return this.#run.faultyColumn
  }

  /**
   * Decodes CopyData messages until the bytes end with a partial one, another message comes, the batch is full or the
   * trailer was read. Returns where it stopped. @param skip bytes of the first message before its tuple.
   */
  decode(wire: WireBytes, start: number, end: number, skip: number): number {
    let at = start
    let payloadSkip = skip
    this.isFull = false
    for (;;) {
      const next = this.#findTuples(wire, at, end, payloadSkip)
      payloadSkip = 0
      if (this.#run.count > 0) this.#decodeRun(wire)
      if (next === at || this.isFull || this.isEnded) return next
      at = next
    }
  }

  #decodeRun(wire: WireBytes): void {
    const run = this.#run
    run.faultyColumn = -1
    for (const group of this.#groups) group(wire, run)
    run.faultyColumn = -1
    for (let index = 0; index < run.count; index++) {
      if (run.cursors[index] !== run.ends[index]) throw malformed('the tuple is not as long as its message')
    }
    this.rows += run.count
  }

  /** Makes a run of the complete messages that the batch has room for, and returns where they end. */
  #findTuples(wire: WireBytes, start: number, end: number, skip: number): number {
    const run = this.#run
    const columnCount = this.#builder.columns.length
    const { bytesPerRow, bytesMax, rowsMax } = this.#builder
    // Some values take more bytes here than in their message: bit strings, numerics as text, nulls in lists.
    const isOverfull = this.#builder.bytesUsed(this.rows) > bytesMax
    let at = start
    let tuple = at + messageHeaderBytes + skip
    run.faultyColumn = -1
    run.firstRow = this.rows
    run.count = 0
    while (at + messageHeaderBytes <= end && wire.bytes[at] === copyDataType) {
      const next = at + 1 + wire.view.getInt32(at + 1)
      if (next > end) return at
      const count = wire.view.getInt16(tuple)
      if (count !== columnCount) {
        if (count !== trailerCount || tuple + fieldCountBytes !== next) throw wrongFieldCount(count, columnCount)
        this.isEnded = true
        return next
      }
      if (run.count === runLengthMax) return at
      const bytes = this.#bytesExpected + bytesPerRow + (next - at) - this.#emptyTupleBytes
      const rows = this.rows + run.count
      if (rows > 0 && (rows === rowsMax || bytes > bytesMax || isOverfull)) {
        this.isFull = true
        return at
      }
      this.#bytesExpected = bytes
      run.cursors[run.count] = tuple + fieldCountBytes
      run.ends[run.count++] = next
      at = next
      tuple = at + messageHeaderBytes
      if (bytes > bytesMax) {
        // A huge row is a batch at once: it is not kept until the next one, perhaps as huge, has been received.
        this.isFull = true
        return at
      }
    }
    return at
  }
}

/** Decodes value by value. Generated groups do the same, faster; this serves where code may not be made. */
export function interpretedGroup(codecs: readonly ValueCodec[], { columns }: BatchBuilder): GroupDecoder {
  return (wire, run) => {
    for (let index = 0; index < run.count; index++) {
      let at = run.cursors[index]!
      for (let k = 0; k < columns.length; k++) {
        run.faultyColumn = k
        const length = wire.view.getInt32(at)
        at += 4
        if (length === -1) {
          columns[k]!.setNull(run.firstRow + index)
          continue
        }
        if (length < 0 || length > run.ends[index]! - at) throw wrongFieldLength(length)
        codecs[k]!.decodeBinary(columns[k]!, run.firstRow + index, wire, at, length)
        at += length
      }
      run.cursors[index] = at
    }
  }
}

function wrongFieldCount(count: number, expected: number): Error {
  return malformed(`the tuple has ${count} fields instead of ${expected}`)
}

export function wrongFieldLength(length: number): Error {
  return malformed(`its length is given as ${length}`)
}
