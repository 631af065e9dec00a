import { RecordBatch, Struct, makeData } from 'apache-arrow'
import { arrowSchemaOf } from './arrow-type.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { ChangeBatch, UnrepresentableValue } from './change-batch.ts'
import { EclusaError } from './error.ts'
import { streamKey } from './stream.ts'
import type { Column, StreamName, StreamSchema } from './stream.ts'
import { columnWriter } from './value/column-writer.ts'
import { encoderOf } from './value/encode-value.ts'
import { exactText } from './value/exact-text.ts'
import { Misfit } from './value/misfit.ts'

/** A row as connector authors have it: values by column name, or in the order of the columns. */
export type Row = Readonly<Record<string, unknown>> | readonly unknown[]

/** What batches are made of, and how large they become. */
export interface BatchOptions {
  readonly stream: StreamName
  readonly schema: StreamSchema
  /** Says when a batch is full: at `batchBytesMax` or `batchRowsMax`, whichever comes first. */
  readonly budget: Pick<ByteBudget, 'batchBytesMax' | 'batchRowsMax'>
  /** What to do with a key of a row that is no column: `fail` (the default), or `ignore` and lose its value. */
  readonly extraKeys?: 'fail' | 'ignore'
}

/** Collects rows into Arrow batches of one stream. */
export interface BatchBuilder {
  /** Rows appended since the last `finish`. */
  readonly rowCount: number
  /** True when the batch has reached its budget: finish it before appending more. The last row may carry it over. */
  readonly isFull: boolean
  /**
   * Appends a row. Missing keys, undefined and null are NULL.
   *
   * @throws CONNECTOR_CONTRACT_BROKEN when the row has a key that is no column, an array row has another length than the
   *   schema, or a column that is not nullable gets no value. The row is not appended.
   */
  append(row: Row): void
  /** Gives the batch, whose buffers are its own, and starts the next one empty. A batch of no rows is a batch. */
  finish(): ChangeBatch
}

/**
 * Makes a builder that turns rows into Arrow batches without loss.
 *
 * | column type    | values that are accepted                                                                           |
 * |----------------|----------------------------------------------------------------------------------------------------|
 * | boolean        | boolean; `t` `true` `f` `false`                                                                    |
 * | int16/32/64    | safe integer; bigint; decimal digits                                                               |
 * | float32/64     | number; text that is a faithful rendering of a float; `NaN`, `Infinity`                            |
 * | decimal        | bigint; decimal text; number (as its shortest decimal; integers up to 2^53)                        |
 * | text           | string of well-formed Unicode; number, bigint, boolean, Date                                       |
 * | bytes          | Uint8Array and other views, ArrayBuffer; `\x` hex text                                             |
 * | date           | `2026-01-31`, `0044-03-15 BC`, `infinity`; Date at midnight in UTC                                 |
 * | time, timetz   | `12:00:00.5`, `24:00:00`; with an offset for timetz; time also bigint us since midnight            |
 * | timestamp(tz)  | `2026-01-31 12:00:00`, also with `T`; with an offset for timestamptz, without for timestamp; `infinity`; Date; bigint us since 1970 |
 * | interval       | `1 year 2 mons 03:04:05`, `P1Y2MT3H4M5S`; `{ months, days, us }` and other counts of units         |
 * | uuid           | text with or without hyphens; 16 bytes                                                             |
 * | json           | string = the document's text; anything else that JSON can hold, bigints with all digits            |
 * | list           | array or typed array of what the element accepts; null elements                                    |
 *
 * A value that does not fit is never clamped, wrapped or rounded: the column is NULL in that row, and the batch's
 * `unrepresentable` has the exact text and the reason.
 */
export function createBatchBuilder(options: BatchOptions): BatchBuilder {
  const { stream, schema, budget } = options
  const arrowSchema = arrowSchemaOf(schema)
  const columns = schema.columns.map((column) => ({
    column,
    encode: encoderOf(column.type),
    writer: columnWriter(column.type),
  }))
  const valuesOf = rowReader(options)
  let rowCount = 0
  let unrepresentable: UnrepresentableValue[] = []

  return {
    get rowCount() {
      return rowCount
    },
    get isFull() {
      return rowCount >= budget.batchRowsMax || byteLength() >= budget.batchBytesMax
    },
    append(row) {
      const values = valuesOf(row)
      // All values first: an author's getter that throws must not leave half a row behind.
      const encoded = columns.map(({ encode }, index) => (isNull(values[index]) ? null : encode(values[index])))
      for (const [index, { column, writer }] of columns.entries()) {
        const value = encoded[index]!
        if (value instanceof Misfit) unrepresentable.push(unrepresentableValue(rowCount, column, value, values[index]))
        writer.write(value instanceof Misfit ? null : value)
      }
      rowCount++
    },
    finish() {
      const children = columns.map(({ writer }) => writer.finish())
      const data = makeData({ type: new Struct(arrowSchema.fields), length: rowCount, nullCount: 0, children })
      const batch: ChangeBatch = {
        stream,
        schema,
        records: new RecordBatch(arrowSchema, data),
        byteLength: children.reduce((sum, child) => sum + child.byteLength, 0),
        unrepresentable,
        // Nothing else refers to the buffers; those that come back are left to the garbage collector.
        recycle: () => {},
      }
      rowCount = 0
      unrepresentable = []
      return batch
    },
  }

  function byteLength(): number {
    return columns.reduce((sum, { writer }) => sum + writer.byteLength, 0)
  }
}

/**
 * Turns rows into batches, each as large as the budget allows; the last one holds what is left, and there is none when
 * there are no rows. The rows are pulled one at a time, and closed when the batches are no longer wanted.
 *
 * @throws CONNECTOR_CONTRACT_BROKEN as `BatchBuilder.append`.
 * @see createBatchBuilder for what becomes of the values.
 */
export async function* batchesFromRows(
  rows: AsyncIterable<Row> | Iterable<Row>,
  options: BatchOptions,
): AsyncGenerator<ChangeBatch, void, undefined> {
  const builder = createBatchBuilder(options)
  for await (const row of rows) {
    builder.append(row)
    if (builder.isFull) yield builder.finish()
  }
  if (builder.rowCount > 0) yield builder.finish()
}

function unrepresentableValue(row: number, column: Column, misfit: Misfit, value: unknown): UnrepresentableValue {
  return { row, column: column.name, change: 'NULLED', reason: misfit.reason, text: exactText(value) }
}

/** Makes the function that puts a row's values in the order of the columns, and refuses rows that would lose some. */
function rowReader({ stream, schema, extraKeys = 'fail' }: BatchOptions): (row: Row) => readonly unknown[] {
  const { columns } = schema
  const names = new Set(columns.map(({ name }) => name))
  const notNull = columns.flatMap(({ nullable }, index) => (nullable ? [] : [index]))
  const broken = (what: string) =>
    new EclusaError('CONNECTOR_CONTRACT_BROKEN', { message: `A row of stream ${streamKey(stream)} ${what}.` })

  return (row) => {
    const values = isArrayRow(row) ? row : columns.map(({ name }) => (Object.hasOwn(row, name) ? row[name] : undefined))
    if (values.length !== columns.length) {
      throw broken(`has ${values.length} values where the schema has ${columns.length} columns`)
    }
    if (!isArrayRow(row) && extraKeys === 'fail') {
      const extra = Object.keys(row).find((key) => !names.has(key))
      if (extra !== undefined) throw broken(`has the key "${extra}", which is not in the schema`)
    }
    const missing = notNull.find((index) => isNull(values[index]))
    if (missing !== undefined)
      throw broken(`has no value for column "${columns[missing]!.name}", which is not nullable`)
    return values
  }
}

function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function isArrayRow(row: Row): row is readonly unknown[] {
  return Array.isArray(row)
}
