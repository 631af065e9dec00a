import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUUIDValue,
} from '@duckdb/node-api'
import type { DuckDBValue } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import { isNullAt, valueBytesOf } from './column-data.ts'
import type { ColumnData } from './column-data.ts'

/** One value of an Arrow column as the driver takes it: the slow way, for when raw chunks cannot be trusted. */
export function readValue(type: ColumnType, column: ColumnData, row: number): DuckDBValue {
  return isNullAt(column, row) ? null : readPresentValue(type, column, row)
}

function readPresentValue(type: ColumnType, column: ColumnData, row: number): DuckDBValue {
  switch (type.type) {
    case 'boolean':
      return readBit(column, row)
    case 'text':
    case 'json':
      return textAt(column, row).toString('utf8')
    case 'bytes':
      return new DuckDBBlobValue(Uint8Array.from(textAt(column, row)))
    case 'list':
      return readList(type.element, column, row)
    default:
      return readFixed(type, fixedAt(type, column, row))
  }
}

function readFixed(type: ColumnType, view: DataView): DuckDBValue {
  switch (type.type) {
    case 'int16':
      return view.getInt16(0, true)
    case 'int32':
      return view.getInt32(0, true)
    case 'int64':
      return view.getBigInt64(0, true)
    case 'float32':
      return view.getFloat32(0, true)
    case 'float64':
      return view.getFloat64(0, true)
    case 'decimal':
      return new DuckDBDecimalValue(readUnscaled(view), type.precision, type.scale)
    case 'date':
      return new DuckDBDateValue(view.getInt32(0, true))
    case 'time':
      return new DuckDBTimeValue(view.getBigInt64(0, true))
    case 'timetz':
      return DuckDBTimeTZValue.fromBits(view.getBigUint64(0, true))
    case 'timestamp':
      return new DuckDBTimestampValue(view.getBigInt64(0, true))
    case 'timestamptz':
      return new DuckDBTimestampTZValue(view.getBigInt64(0, true))
    case 'interval':
      return new DuckDBIntervalValue(view.getInt32(0, true), view.getInt32(4, true), view.getBigInt64(8, true))
    case 'uuid':
      return DuckDBUUIDValue.fromUint128((view.getBigUint64(0, false) << 64n) | view.getBigUint64(8, false))
    default:
      throw new TypeError(`${type.type} has no fixed width`)
  }
}

function readUnscaled(view: DataView): bigint {
  if (view.byteLength === 8) return view.getBigInt64(0, true)
  return (view.getBigInt64(8, true) << 64n) | view.getBigUint64(0, true)
}

function readList(element: ColumnType, column: ColumnData, row: number): DuckDBListValue {
  const [start, end] = [column.offsets![row]!, column.offsets![row + 1]!]
  return new DuckDBListValue(
    Array.from({ length: end - start }, (_, index) => readValue(element, column.elements!, start + index)),
  )
}

function readBit(column: ColumnData, row: number): boolean {
  const bit = column.bitOffset + row
  return ((column.values![bit >> 3]! >> (bit & 7)) & 1) === 1
}

function textAt(column: ColumnData, row: number): Buffer {
  const values = column.values!
  const [start, end] = [column.offsets![row]!, column.offsets![row + 1]!]
  return Buffer.from(values.buffer, values.byteOffset + start, end - start)
}

function fixedAt(type: ColumnType, column: ColumnData, row: number): DataView {
  const width = valueBytesOf(type)!
  return new DataView(column.values!.buffer, column.values!.byteOffset + row * width, width)
}
