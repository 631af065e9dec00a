import { changeOperation, formatValue } from '@eclusa/sdk'
import type { ChangeBatch, ConfiguredStream } from '@eclusa/sdk'
import { metaText } from '@eclusa/warehouse/load'
import type { MetaChange } from '@eclusa/warehouse/load'
import { RecordBatch, Schema, Struct, makeData } from 'apache-arrow'
import type { Data } from 'apache-arrow'
import { stagedColumnOf } from '../parquet/staged-column.ts'
import { withNulls } from './held-column.ts'
import { changeColumns, copiedColumns, mergeColumns, rowColumns } from './metadata-column.ts'
import type { MadeColumn } from './metadata-column.ts'
import { findMisfits, notUtf8 } from './misfit.ts'
import { changedMeta, refuseUnrepresentable } from './unheld-value.ts'

export interface AcceptOptions {
  readonly configured: ConfiguredStream
  readonly runId: string
  readonly generationId: number
  /** How the commit's raw ids begin (all but the last ten digits), and the number of the batch's first row in it. */
  readonly rawIds: { readonly prefix: string; readonly first: number }
  readonly nowMs: number
  /** The longest text or JSON that the account's columns hold, in bytes; half of it is the longest binary. */
  readonly valueBytesMax: number
  /** Of rows that are merged. Absent: no columns of the change itself. */
  readonly merged?: {
    /** The number that `_eclusa_row` begins with. */
    readonly firstRow: number
    /** Words of `_eclusa_unchanged_<n>`, see UnchangedMarks; undefined for one without any bit. */
    readonly unchangedWords: readonly (Int32Array | undefined)[]
  }
}

export interface AcceptedRows {
  /**
   * In this order: the stream's columns; `_ab_cdc_lsn`, `_ab_cdc_order`, `_ab_cdc_updated_at`, `_ab_cdc_deleted_at` where the
   * batch has changes or was copied at a position; `_airbyte_raw_id`, `_airbyte_extracted_at`, `_airbyte_meta`,
   * `_airbyte_generation_id`; with `merged` `_eclusa_operation`, `_eclusa_row`, `_eclusa_unchanged_0`, …
   */
  readonly rows: RecordBatch
  /** Values that Snowflake cannot hold, beside those that the source had marked: NULL, their text in `_airbyte_meta`. */
  readonly unheldCount: number
}

/**
 * The rows of a batch as they are to stand in a staged file. Values that Snowflake cannot hold become NULL with an entry
 * in their row's meta. Buffers of the batch are shared, not kept: once the rows are encoded they may be used again.
 *
 * @throws UNREPRESENTABLE_VALUE when there is such a value and the stream's policy is `fail`, or it is part of a key by
 *   which rows are merged: rows of different keys would be taken for one. Nothing is accepted.
 */
export function acceptBatch(batch: ChangeBatch, options: AcceptOptions): AcceptedRows {
  const { configured, runId, valueBytesMax } = options
  refuseUnrepresentable(configured, batch.unrepresentable)
  const columns = batch.schema.columns.map((_, index) => acceptColumn(batch, index, valueBytesMax))
  const misfits = columns.flatMap(({ changes }) => changes)
  refuseUnrepresentable(configured, misfits)
  const changes = [...batch.unrepresentable.map((value): MetaChange => ({ ...value, by: 'source' })), ...misfits]
  const length = batch.records.numRows
  return {
    rows: recordsOf(length, [
      ...columns,
      ...positionColumns(batch),
      ...rowColumns({
        ...options,
        length,
        extractedAtUs: BigInt(options.nowMs) * 1000n,
        changedMeta: changedMeta(runId, changes, valueBytesMax),
        unchangedMeta: metaText(runId, []),
      }),
      ...(options.merged === undefined ? [] : mergeColumns(operationsOf(batch), options.merged)),
    ]),
    unheldCount: misfits.length,
  }
}

interface AcceptedColumn extends MadeColumn {
  readonly changes: readonly MetaChange[]
}

function acceptColumn({ schema, records }: ChangeBatch, index: number, valueBytesMax: number): AcceptedColumn {
  const column = schema.columns[index]!
  const data = records.data.children[index] as Data
  const form = stagedColumnOf(column)
  const staged = form.stage(data)
  const misfits = findMisfits(column.type, { data, staged }, valueBytesMax)
  if (misfits.length === 0) return { field: form.field, data: staged, changes: [] }
  const rows = misfits.map(({ row }) => row)
  const isText = column.type.type === 'text' || column.type.type === 'json'
  const changes = misfits.map(({ row, reason }): MetaChange => {
    const text = isText && reason === notUtf8 ? hexAt(data, row) : (formatValue(column.type, data, row) ?? '')
    return { row, column: column.name, change: 'NULLED', reason, text, by: 'destination' }
  })
  return { field: form.field, data: withNulls(staged, rows), changes }
}

/** Bytes that are no text are told as PostgreSQL prints bytea. */
function hexAt({ values, valueOffsets }: Data, row: number): string {
  const bytes = (values as Uint8Array).subarray(valueOffsets[row], valueOffsets[row + 1])
  return `\\x${Buffer.from(bytes).toString('hex')}`
}

function positionColumns({ records, changes, copiedAt }: ChangeBatch): MadeColumn[] {
  if (changes !== undefined) return changeColumns(changes)
  return copiedAt === undefined ? [] : copiedColumns(copiedAt, records.numRows)
}

/** Rows of a table copy that are merged are as good as new ones. */
function operationsOf({ records, changes }: ChangeBatch): { readonly operations: Uint8Array } {
  return changes ?? { operations: new Uint8Array(records.numRows).fill(changeOperation.insert) }
}

function recordsOf(length: number, columns: readonly MadeColumn[]): RecordBatch {
  const fields = columns.map(({ field }) => field)
  const children = columns.map(({ data }) => data)
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length, children }))
}
