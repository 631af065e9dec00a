import { EclusaError, arrowBuffersOf, formatValue, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, Column, ConfiguredStream, RowChanges } from '@eclusa/sdk'
import { metaText } from '@eclusa/warehouse/load'
import type { MetaChange } from '@eclusa/warehouse/load'
import { copyColumn, setNullAt, viewColumn } from '../chunk/column-data.ts'
import type { ColumnData } from '../chunk/column-data.ts'
import { findMisfits } from '../chunk/misfit.ts'
import type { AcceptedBatch } from '../store/load.ts'

export interface Accepted {
  readonly batch: AcceptedBatch
  /** What the source wants back when the rows are taken. */
  readonly buffers: ArrayBuffer[]
}

export interface AcceptOptions {
  readonly configured: ConfiguredStream
  readonly runId: string
  readonly changedColumns: readonly Column[] | undefined
  readonly nowMs: number
}

/**
 * Takes a batch apart. Buffers that the batch does not own are copied, because their owner may use them again. Values
 * that DuckDB cannot hold become NULL with an entry in their row's meta.
 *
 * @throws UNREPRESENTABLE_VALUE when there is such a value and the stream's policy is `fail`, or it is part of a key by
 *   which rows are merged: rows of different keys would be taken for one. Nothing is accepted.
 */
export function acceptBatch(batch: ChangeBatch, options: AcceptOptions): Accepted {
  const { records, schema, stream, byteLength } = batch
  refuseUnrepresentable(options.configured, batch.unrepresentable)
  const views = records.data.children.map(viewColumn)
  const isOwn = batch.recycle !== undefined
  const columns = isOwn ? views : views.map((view, index) => copyColumn(schema.columns[index]!.type, view))
  const misfits = schema.columns.flatMap((_, index) => nullMisfits(batch, index, columns[index]!))
  refuseUnrepresentable(options.configured, misfits)
  return {
    batch: {
      stream,
      changedColumns: options.changedColumns,
      rowCount: records.numRows,
      byteLength,
      columns,
      extractedAtUs: BigInt(options.nowMs) * 1000n,
      changedMeta: changedMeta(options.runId, [
        ...batch.unrepresentable.map((value): MetaChange => ({ ...value, by: 'source' })),
        ...misfits,
      ]),
      unrepresentableCount: misfits.length,
      changes: batch.changes === undefined || isOwn ? batch.changes : copyChanges(batch.changes),
      copiedAt: batch.copiedAt,
    },
    buffers: isOwn ? arrowBuffersOf(records.data.children) : [],
  }
}

function copyChanges({ operations, positions, orders, committedAtUs, unchanged }: RowChanges): RowChanges {
  return {
    operations: operations.slice(),
    positions: positions.slice(),
    orders: orders.slice(),
    committedAtUs: committedAtUs.slice(),
    unchanged: unchanged.map((bits) => bits?.slice()),
  }
}

function nullMisfits(batch: ChangeBatch, index: number, column: ColumnData): MetaChange[] {
  const { name, type } = batch.schema.columns[index]!
  const misfits = findMisfits(type, column)
  if (misfits === undefined) return []
  const data = batch.records.data.children[index]!
  const isText = type.type === 'text' || type.type === 'json'
  return misfits.rows.map((row) => {
    const text = isText ? hexAt(column, row) : (formatValue(type, data, row) ?? '')
    setNullAt(column, row)
    return { row, column: name, change: 'NULLED', reason: misfits.reason, text, by: 'destination' }
  })
}

/** Bytes that are no text are told as PostgreSQL prints bytea. */
function hexAt({ values, offsets }: ColumnData, row: number): string {
  return `\\x${Buffer.from(values!.subarray(offsets![row], offsets![row + 1])).toString('hex')}`
}

function changedMeta(runId: string, changes: readonly MetaChange[]): Map<number, string> {
  return new Map([...Map.groupBy(changes, ({ row }) => row)].map(([row, ofRow]) => [row, metaText(runId, ofRow)]))
}

function refuseUnrepresentable(
  { stream, onUnrepresentable, destinationSyncMode, primaryKey }: ConfiguredStream,
  values: readonly { readonly column: string; readonly reason: string }[],
): void {
  const isKey = ({ column }: { column: string }) =>
    destinationSyncMode === 'append_dedup' && primaryKey.includes(column)
  const value = onUnrepresentable === 'fail' ? values[0] : values.find(isKey)
  if (value === undefined) return
  const { column, reason } = value
  throw new EclusaError('UNREPRESENTABLE_VALUE', {
    message: `Stream ${streamKey(stream)}, ${isKey(value) ? 'key ' : ''}column "${column}": ${reason}.`,
    ...(isKey(value) && {
      remedy: `Rows are merged by their key, so it must be exact: give the column the type text, or load the stream with append or overwrite.`,
    }),
    details: { stream: streamKey(stream), column, reason },
  })
}
