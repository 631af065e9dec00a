import assert from 'node:assert/strict'
import type { ColumnType } from '@eclusa/sdk'
import { valueBytesOf } from './column-data.ts'
import type { ColumnData } from './column-data.ts'

/**
 * The driver copies memory from an address and never asks how much is there: a column that is too short, or whose buffer
 * was given away, would load the bytes of others or end the process with SIGSEGV.
 */
export function assertHoldsRows(type: ColumnType, column: ColumnData, rows: number): void {
  const { bitOffset, validity, values, offsets } = column
  const bitBytes = (bitOffset + rows + 7) >> 3
  assert(column.nullCount === 0 || validity === undefined || validity.length >= bitBytes, shortBy('validity', rows))
  if (type.type !== 'list') {
    assert(values !== undefined && values.length >= valueBytes(type, column, rows, bitBytes), shortBy('values', rows))
  } else assert(offsets !== undefined && offsets.length > rows, shortBy('offsets', rows))
}

function valueBytes(type: ColumnType, { offsets }: ColumnData, rows: number, bitBytes: number): number {
  if (type.type === 'boolean') return bitBytes
  const width = valueBytesOf(type)
  // NaN where there is no such offset: no length is enough for that.
  return width === undefined ? Number(offsets?.[rows]) : rows * width
}

function shortBy(what: string, rows: number): string {
  return `the ${what} of a column hold its ${rows} rows`
}
