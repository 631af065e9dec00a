import bindings from '@duckdb/node-bindings'
import { DuckDBTimestampTZValue } from '@duckdb/node-api'
import { changeOperation } from '@eclusa/sdk'
import type { ColumnType, CopiedAt, RowChanges } from '@eclusa/sdk'
import { copiedOrder } from '@eclusa/warehouse/load'
import type { ChangeColumnName } from '@eclusa/warehouse/load'
import type { SlotValues } from '../chunk/chunk-writer.ts'
import { setNullAt } from '../chunk/column-data.ts'
import type { ColumnData } from '../chunk/column-data.ts'

/** Columns of the table copy: all its rows are as of one point of the log. */
export function copiedSlots({ position, atUs }: CopiedAt): Record<ChangeColumnName, SlotValues> {
  return {
    _ab_cdc_lsn: { kind: 'constant', value: position, native: bindings.create_int64(position) },
    _ab_cdc_order: { kind: 'constant', value: copiedOrder, native: bindings.create_int32(copiedOrder) },
    _ab_cdc_updated_at: {
      kind: 'constant',
      value: new DuckDBTimestampTZValue(atUs),
      native: bindings.create_timestamp_tz({ micros: atUs }),
    },
    _ab_cdc_deleted_at: { kind: 'null' },
  }
}

/** Columns that say where in the log each row's change stands. */
export function changeSlots({
  operations,
  positions,
  orders,
  committedAtUs,
}: RowChanges): Record<ChangeColumnName, SlotValues> {
  return {
    _ab_cdc_lsn: rowsOf(positions),
    _ab_cdc_order: rowsOf(orders),
    _ab_cdc_updated_at: rowsOf(committedAtUs),
    _ab_cdc_deleted_at: operations.includes(changeOperation.delete)
      ? { kind: 'rows', column: deletedAt(operations, committedAtUs) }
      : { kind: 'null' },
  }
}

/** Columns that the delta has beyond those of its table. */
export interface DeltaColumn {
  readonly name: string
  readonly sqlType: string
  readonly type: ColumnType
}

export const operationColumn: DeltaColumn = { name: '_eclusa_operation', sqlType: 'SMALLINT', type: { type: 'int16' } }
/** Counts the rows of the delta in the order in which they came: the row before a rekey is the delete of its old key. */
export const rowColumn: DeltaColumn = { name: '_eclusa_row', sqlType: 'INTEGER', type: { type: 'int32' } }

/** Bits of the values that were not sent, see UnchangedMarks. */
export function markColumn(word: number): DeltaColumn {
  return { name: `_eclusa_unchanged_${word}`, sqlType: 'INTEGER', type: { type: 'int32' } }
}

/** Slots of the delta's own columns, in the order operation, row, words of marks. */
export function deltaSlots(
  { operations }: RowChanges,
  { firstRow, words }: { readonly firstRow: number; readonly words: readonly (Int32Array | undefined)[] },
): SlotValues[] {
  const rows = new Int32Array(operations.length)
  for (let row = 0; row < rows.length; row++) rows[row] = firstRow + row
  return [rowsOf(Int16Array.from(operations)), rowsOf(rows), ...words.map(wordSlot)]
}

function wordSlot(word: Int32Array | undefined): SlotValues {
  return word === undefined ? { kind: 'constant', value: 0, native: bindings.create_int32(0) } : rowsOf(word)
}

function rowsOf(values: Int16Array | Int32Array | BigInt64Array): SlotValues {
  return { kind: 'rows', column: columnOf(values) }
}

function columnOf(values: Int16Array | Int32Array | BigInt64Array): ColumnData {
  return {
    length: values.length,
    bitOffset: 0,
    nullCount: 0,
    validity: undefined,
    values: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    offsets: undefined,
    elements: undefined,
  }
}

function deletedAt(operations: Uint8Array, committedAtUs: BigInt64Array): ColumnData {
  const column = columnOf(committedAtUs)
  for (const [row, operation] of operations.entries()) if (operation !== changeOperation.delete) setNullAt(column, row)
  return column
}
