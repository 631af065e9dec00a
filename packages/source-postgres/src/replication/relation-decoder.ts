import { EclusaError } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import { BatchBuilder } from '../codec/batch-builder.ts'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { ColumnCodec } from '../codec/column-codec.ts'
import { sentAsText } from '../codec/textual.ts'
import { malformed } from '../codec/value-codec.ts'
import type { WireBytes } from '../codec/value-codec.ts'
import { valueFault } from '../codec/value-fault.ts'
import type { GroupDecoder, TupleRun } from '../copy-reader/tuple-decoder.ts'
import { AbsentValues } from './absent-values.ts'
import { generatedFieldGroups, interpretedFieldGroup } from './field-group.ts'
import type { RelationMessage } from './pgoutput-message.ts'
import { protocolViolation } from './protocol-violation.ts'

export interface RelationDecoderOptions {
  /** Its columns' types must be those that `codecs` were planned for: values themselves do not tell their type. */
  readonly relation: RelationMessage
  readonly stream: StreamName
  readonly schema: StreamSchema
  /** One per column of `schema`, in order. */
  readonly codecs: readonly ColumnCodec[]
  readonly budget: ByteBudget
  readonly pool: BufferPool
  /**
   * Generated columns. What the log does not have of them is NULL and not unchanged: nobody can tell whether it is what it
   * was. Default: none.
   */
  readonly computed?: ReadonlySet<string>
  /** `interpreted` decodes without generating code. Default: generated where the runtime permits it. */
  readonly decoder?: 'generated' | 'interpreted'
}

export interface DecodedRows {
  readonly batch: ChangeBatch
  /** One bitmap per column of values that were not sent; undefined where all were. See AbsentValues. */
  readonly absent: readonly (Uint8Array | undefined)[]
}

/** Tuples wait for each other up to this number: a loop over many costs less than a call for each. */
const runLengthMax = 256
/** What a batch of few rows takes. */
const rowsReservedMin = 64
const fieldCountBytes = 2

/**
 * Fills batches of one stream with tuples of one relation, as one relation message described it. Fields find their columns
 * by name; fields without a column are skipped, and columns without a field are absent in every row, but for those that are
 * computed.
 *
 * Tuples are noted first and decoded together: whoever releases the memory in which they lie must call `decode` before.
 */
export class RelationDecoder {
  readonly #schema: StreamSchema
  readonly #builder: BatchBuilder
  readonly #groups: readonly GroupDecoder[]
  readonly #absent: AbsentValues
  readonly #fieldCount: number
  readonly #run: TupleRun
  readonly #isKeyOnly = new Uint8Array(runLengthMax)
  #hasKeyOnly = false
  #bytesExpected = 0
  /** Columns that are not of the replica identity, but have a field. */
  readonly #beyondKey: readonly number[]
  /** Columns that the relation does not have, and those of them that are absent. */
  readonly #missing: readonly number[]
  readonly #missingAbsent: ReadonlySet<number>
  /** Rows of the batch, with those that are noted but not decoded yet. */
  rows = 0

  constructor(options: RelationDecoderOptions) {
    const { relation, schema, codecs } = options
    this.#schema = schema
    this.#builder = new BatchBuilder(options)
    this.#absent = new AbsentValues(schema.columns.length)
    this.#fieldCount = relation.columns.length
    this.#run = {
      count: 0,
      firstRow: 0,
      cursors: new Int32Array(runLengthMax),
      ends: new Int32Array(runLengthMax),
      faultyColumn: -1,
    }
    const targets = targetsOf(relation, schema)
    this.#beyondKey = targets.filter((target, index) => target !== -1 && !relation.columns[index]!.isKey)
    this.#missing = schema.columns.map((_, index) => index).filter((index) => !targets.includes(index))
    const { computed = new Set() } = options
    this.#missingAbsent = new Set(this.#missing.filter((index) => !computed.has(schema.columns[index]!.name)))
    const groupOptions = {
      targets,
      columns: this.#builder.columns,
      codecs: codecs.map(({ value }) => value),
      textCodecs: codecs.map(({ value }) => sentAsText(value)),
      absent: this.#absent,
    }
    const generated = options.decoder === 'interpreted' ? undefined : generatedFieldGroups(groupOptions)
    this.#groups = generated ?? [interpretedFieldGroup(groupOptions)]
  }

  /** True when the batch must be finished before a tuple of this many bytes is added. */
  isFullFor(bytes: number): boolean {
    if (this.rows === 0) return false
    const { rowsMax, bytesMax, bytesPerRow } = this.#builder
    return this.rows >= rowsMax || this.#bytesExpected + bytesPerRow + bytes > bytesMax
  }

  /**
   * Adds the tuple that begins at `at` as the next row. @param isKeyOnly its fields beyond the replica identity are absent.
   * @throws REPLICATION_PROTOCOL_VIOLATION when it has not as many fields as the relation. What `decode` throws.
   */
  add(wire: WireBytes, at: number, end: number, isKeyOnly: boolean): void {
    const count = wire.view.getInt16(at)
    if (count !== this.#fieldCount) {
      throw protocolViolation(`a row has ${count} fields instead of ${this.#fieldCount}`)
    }
    const run = this.#run
    if (run.count === runLengthMax) this.decode(wire)
    const index = run.count++
    run.cursors[index] = at + fieldCountBytes
    run.ends[index] = end
    this.#isKeyOnly[index] = isKeyOnly ? 1 : 0
    if (isKeyOnly) this.#hasKeyOnly = true
    this.#bytesExpected += this.#builder.bytesPerRow + (end - at)
    this.rows++
  }

  /**
   * Decodes the tuples that were added since the last time.
   *
   * @throws POSTGRES_VALUE_MALFORMED, POSTGRES_VALUE_TOO_LARGE, POSTGRES_TEXT_NOT_UTF8 with the column's name.
   */
  decode(wire: WireBytes): void {
    const run = this.#run
    if (run.count === 0) return
    run.faultyColumn = -1
    try {
      for (const column of this.#builder.columns) column.reserve(Math.max(this.rows, rowsReservedMin))
      for (const group of this.#groups) group(wire, run)
      run.faultyColumn = -1
      for (let index = 0; index < run.count; index++) {
        if (run.cursors[index] !== run.ends[index]) throw malformed('the row is not as long as its message')
      }
    } catch (error) {
      throw valueFault(this.#schema, run.faultyColumn, error)
    }
    if (this.#missing.length > 0) this.#markMissing()
    if (this.#hasKeyOnly) this.#markBeyondKey()
    run.firstRow += run.count
    run.count = 0
    // Some values take more bytes here than in their message: bit strings, numerics as text, nulls in lists.
    this.#bytesExpected = Math.max(this.#bytesExpected, this.#builder.bytesUsed(this.rows))
  }

  /** The batch, whose tuples must all be decoded; the decoder begins the next. @throws POSTGRES_TEXT_NOT_UTF8 */
  finish(): DecodedRows {
    const { rows } = this
    if (this.#run.count > 0) throw new EclusaError('INTERNAL', { message: 'A batch ends before its rows are decoded.' })
    this.rows = 0
    this.#bytesExpected = 0
    this.#run.firstRow = 0
    return { batch: this.#builder.finish(rows), absent: this.#absent.take(rows) }
  }

  #markMissing(): void {
    const { firstRow, count } = this.#run
    for (const column of this.#missing) {
      const isAbsent = this.#missingAbsent.has(column)
      for (let row = firstRow; row < firstRow + count; row++) {
        this.#builder.columns[column]!.setNull(row)
        if (isAbsent) this.#absent.mark(column, row)
      }
    }
  }

  #markBeyondKey(): void {
    const { firstRow, count } = this.#run
    this.#hasKeyOnly = false
    for (let index = 0; index < count; index++) {
      if (this.#isKeyOnly[index] === 0) continue
      for (const column of this.#beyondKey) this.#absent.mark(column, firstRow + index)
    }
  }
}

function targetsOf(relation: RelationMessage, schema: StreamSchema): number[] {
  const indexes = new Map(schema.columns.map(({ name }, index) => [name, index]))
  return relation.columns.map(({ name }) => indexes.get(name) ?? -1)
}

/**
 * True when the server may send these columns in binary form. It chooses text or binary for all of a connection, not by
 * type; a single type whose binary form is not decoded here means text for all.
 */
export function isBinaryDecodable(codecs: readonly ColumnCodec[]): boolean {
  return codecs.every(({ value }) => value.hasBinaryForm)
}
