import { isUtf8 } from 'node:buffer'
import { timetzOffsetMax } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import { isNullAt } from './column-data.ts'
import type { ColumnData } from './column-data.ts'

/*
 * Values that Arrow's representation can carry and DuckDB's cannot. Sources seldom have any, so what matters here is that
 * finding none is cheap: a glance at every value's most significant bits. DuckDB itself would not complain: it keeps a
 * point in time out of its range, fails or lies when it is read, and turns text that is no UTF-8 into NULL (1.5.6).
 */

/** Tells whether DuckDB can hold the present value of a row. */
type RowCheck = (row: number) => boolean

export interface Misfits {
  readonly rows: readonly number[]
  readonly reason: string
}

/** Rows whose values must not reach DuckDB; undefined when there are none. */
export function findMisfits(type: ColumnType, column: ColumnData): Misfits | undefined {
  if (column.length === 0) return undefined
  switch (type.type) {
    case 'date':
      return datesOutOfRange(column)
    case 'time':
      return numbersOutOfRange(column, timeRange)
    case 'timetz':
      return timetzOutOfRange(column)
    case 'timestamp':
    case 'timestamptz':
      return numbersOutOfRange(column, timestampRange)
    case 'decimal':
      return decimalsOutOfRange(type, column)
    case 'text':
    case 'json':
      return textsNotUtf8(column)
    case 'list':
      return listsWithMisfits(type.element, column)
    default:
      return undefined
  }
}

interface Int64Range {
  readonly min: bigint
  readonly max: bigint
  /** A value outside the range that stands for something all the same: `-infinity`. */
  readonly except?: bigint
  readonly reason: string
}

const timeUsMax = 86_400_000_000n
const timeRange: Int64Range = { min: 0n, max: timeUsMax, reason: 'DuckDB holds times from 00:00:00 to 24:00:00' }

const timestampRange: Int64Range = {
  min: -9_223_372_022_400_000_000n,
  max: 2n ** 63n - 1n,
  except: -(2n ** 63n - 1n),
  reason: 'DuckDB holds timestamps from 290309-12-22 BC to 294247-01-10 04:00:54.775806',
}

/** Compares the upper half of each value first: only those at the edge are looked at in full. */
function numbersOutOfRange(column: ColumnData, range: Int64Range): Misfits | undefined {
  const words = wordsOf(column)
  const [highMin, highMax] = [Number(range.min >> 32n), Number(range.max >> 32n)]
  if (areHighWordsBetween(words, column.length, { above: highMin, below: highMax })) return undefined
  const values = new BigInt64Array(words.buffer, words.byteOffset, column.length)
  return collect(column, range.reason, (row) => {
    const high = words[row * 2 + 1]!
    if (high > highMin && high < highMax) return true
    const value = values[row]!
    return (value >= range.min && value <= range.max) || value === range.except
  })
}

/** One below -infinity; every other number of days is a date. */
const noDate = -2_147_483_648

/** A loop of its own, without a call for each value: it goes over every point in time that is loaded. */
function areHighWordsBetween(words: Int32Array, count: number, range: { above: number; below: number }): boolean {
  const { above, below } = range
  for (let word = 1; word < count * 2; word += 2) if (words[word]! <= above || words[word]! >= below) return false
  return true
}

function datesOutOfRange(column: ColumnData): Misfits | undefined {
  const days = wordsOf(column)
  if (!days.subarray(0, column.length).includes(noDate)) return undefined
  return collect(column, 'DuckDB holds dates from 5877642-06-25 BC on', (row) => days[row] !== noDate)
}

function timetzOutOfRange(column: ColumnData): Misfits | undefined {
  const values = new BigUint64Array(column.values!.buffer, column.values!.byteOffset, column.length)
  return collect(column, 'DuckDB holds times to 24:00:00 with offsets to 15:59:59', (row) => {
    const bits = values[row]!
    return bits >> 24n <= timeUsMax && (bits & 0xff_ffffn) <= 2 * timetzOffsetMax
  })
}

/** Few digits are stored in 16 or 32 bits, where an unscaled value that is too large would come out as another one. */
function decimalsOutOfRange({ precision }: { precision: number }, column: ColumnData): Misfits | undefined {
  if (precision > 9) return undefined
  const words = wordsOf(column)
  const limit = 10 ** precision
  return collect(column, `the value has more than ${precision} digits`, (row) => {
    const low = words[row * 2]!
    return words[row * 2 + 1] === low >> 31 && low > -limit && low < limit
  })
}

function textsNotUtf8(column: ColumnData): Misfits | undefined {
  const { values, offsets } = column as { values: Uint8Array; offsets: Int32Array }
  if (isUtf8(values.subarray(offsets[0], offsets[column.length]))) return undefined
  return collect(column, 'the text is not UTF-8', (row) => isUtf8(values.subarray(offsets[row], offsets[row + 1])))
}

/** A list is NULL as a whole when one of its elements cannot be held: half a list would pass for the whole. */
function listsWithMisfits(element: ColumnType, column: ColumnData): Misfits | undefined {
  const misfits = findMisfits(element, column.elements!)
  if (misfits === undefined) return undefined
  const offsets = column.offsets!
  const bad = new Set(misfits.rows)
  return collect(column, misfits.reason, (row) => {
    for (let index = offsets[row]!; index < offsets[row + 1]!; index++) if (bad.has(index)) return false
    return true
  })
}

function wordsOf(column: ColumnData): Int32Array {
  const values = column.values!
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
}

/** What lies below a NULL is nobody's value. */
function collect(column: ColumnData, reason: string, holds: RowCheck): Misfits | undefined {
  const rows: number[] = []
  for (let row = 0; row < column.length; row++) if (!holds(row) && !isNullAt(column, row)) rows.push(row)
  return rows.length === 0 ? undefined : { rows, reason }
}
