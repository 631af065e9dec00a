import type { Data } from 'apache-arrow'
import type { ChangeBatch } from './change-batch.ts'
import type { ColumnType } from './column-type.ts'
import { valueFormatter } from './value-text.ts'
import { readBoolean, readBytes } from './value/read-value.ts'

/** A value of a batch as plain JavaScript, without loss; see `batchRows`. */
export type RowValue = null | boolean | number | bigint | string | Uint8Array | readonly RowValue[]

/**
 * The rows of a batch as plain objects by column name, in the batch's order.
 *
 * int16, int32 and floats are numbers, int64 is a bigint, bytes a Uint8Array of its own, text and json are strings,
 * lists arrays, NULL null; decimals, dates, times, intervals and uuids are the text that `formatValue` gives. With
 * `values: 'text'` every value is that text, or null: the form that JSON holds without loss.
 *
 * The values are independent of the batch's buffers. Meant for destinations of moderate speed: a fast one reads the
 * Arrow buffers. Values that are NULL because they did not fit are in `batch.unrepresentable`, by row.
 */
export function batchRows(
  batch: ChangeBatch,
  options: { readonly values: 'text' },
): Generator<Record<string, string | null>, void, undefined>
export function batchRows(
  batch: ChangeBatch,
  options?: { readonly values?: 'plain' },
): Generator<Record<string, RowValue>, void, undefined>
export function* batchRows(
  batch: ChangeBatch,
  { values = 'plain' }: { readonly values?: 'plain' | 'text' } = {},
): Generator<Record<string, RowValue>, void, undefined> {
  const readerOf = values === 'text' ? valueFormatter : valueReader
  const columns = batch.schema.columns.map(({ name, type }, index) => {
    return { name, read: readerOf(type), data: batch.records.data.children[index]! }
  })
  for (let row = 0; row < batch.records.numRows; row++) {
    yield Object.fromEntries(columns.map(({ name, read, data }) => [name, read(data, row)]))
  }
}

type ValueReader = (data: Data, row: number) => RowValue

function valueReader(type: ColumnType): ValueReader {
  const read = presentValueReader(type)
  return (data, row) => (data.getValid(row) ? read(data, row) : null)
}

function presentValueReader(type: ColumnType): ValueReader {
  switch (type.type) {
    case 'boolean':
      return readBoolean
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
      return (data, row): number | bigint => data.values[row]
    case 'bytes':
      return (data, row) => new Uint8Array(readBytes(data, row))
    case 'list':
      return listReader(type.element)
    default:
      return valueFormatter(type)
  }
}

function listReader(element: ColumnType): ValueReader {
  const read = valueReader(element)
  return (data, row) => {
    const start = Number(data.valueOffsets[row])
    const length = data.valueOffsets[row + 1]! - start
    return Array.from({ length }, (_, index) => read(data.children[0]!, start + index))
  }
}
