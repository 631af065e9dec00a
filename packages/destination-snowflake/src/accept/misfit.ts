import { isUtf8 } from 'node:buffer'
import { decimal64PrecisionMax } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { Data } from 'apache-arrow'
import { unheldJsonReason } from './json-document.ts'

/*
 * Values that Arrow's representation can carry and Snowflake's types cannot. Sources seldom have any, so what matters is
 * that finding none is cheap: a glance at the most significant bits of each number, one pass over the bytes of texts.
 */

/** A row whose value must not reach Snowflake, and why. */
export interface Misfit {
  readonly row: number
  readonly reason: string
}

/** Of a text whose bytes are none. */
export const notUtf8 = 'the text is not UTF-8'

/** Why Snowflake does not hold the present value of a row; undefined when it does. */
type RowCheck = (row: number) => string | undefined

/** A column as it came, and in the form in which it is to travel (staged-column.ts). */
export interface ColumnValues {
  readonly data: Data
  readonly staged: Data
}

/** @param valueBytesMax of a text or a JSON document; of a binary half of it. */
export function findMisfits(type: ColumnType, column: ColumnValues, valueBytesMax: number): readonly Misfit[] {
  const { data } = column
  if (data.length === 0) return []
  const check = checkOf(type, column, valueBytesMax)
  if (check === undefined) return []
  const misfits: Misfit[] = []
  for (let row = 0; row < data.length; row++) {
    const reason = check(row)
    // What lies below a NULL is nobody's value.
    if (reason !== undefined && data.getValid(row)) misfits.push({ row, reason })
  }
  return misfits
}

/** Undefined when a glance at the whole column shows that all of it is held. */
function checkOf(type: ColumnType, column: ColumnValues, valueBytesMax: number): RowCheck | undefined {
  const { data } = column
  switch (type.type) {
    case 'date':
      return dateCheck(data)
    case 'time':
      return numberCheck(data, timeRange)
    case 'timestamp':
    case 'timestamptz':
      return numberCheck(data, timestampRange)
    case 'decimal':
      return decimalCheck(type, data)
    case 'text':
      return textCheck(data, valueBytesMax)
    case 'bytes':
      return lengthCheck(data, valueBytesMax / 2)
    case 'json':
      return jsonCheck(data, valueBytesMax)
    case 'list':
      return listCheck(type.element, column, valueBytesMax)
    default:
      return undefined
  }
}

interface Int64Range {
  readonly min: bigint
  readonly max: bigint
  readonly reason: string
}

const timeRange: Int64Range = {
  min: 0n,
  max: 86_399_999_999n,
  reason: 'Snowflake holds times from 00:00:00 to 23:59:59.999999',
}

const timestampRange: Int64Range = {
  min: -62_135_596_800_000_000n,
  max: 253_402_300_799_999_999n,
  reason: 'Snowflake holds timestamps of the years 1 to 9999',
}

/** Compares the upper half of each value first: only those at the edge are looked at in full. */
function numberCheck(data: Data, range: Int64Range): RowCheck {
  const words = wordsOf(data)
  const [highMin, highMax] = [Number(range.min >> 32n), Number(range.max >> 32n)]
  return (row) => {
    const high = words[row * 2 + 1]!
    if (high > highMin && high < highMax) return undefined
    const value = (BigInt(high) << 32n) | BigInt(words[row * 2]! >>> 0)
    return value >= range.min && value <= range.max ? undefined : range.reason
  }
}

/** 0001-01-01 and 9999-12-31, in days since 1970. */
const [dayMin, dayMax] = [-719_162, 2_932_896]

function dateCheck(data: Data): RowCheck {
  const days = wordsOf(data)
  return (row) =>
    days[row]! >= dayMin && days[row]! <= dayMax ? undefined : 'Snowflake holds dates of the years 1 to 9999'
}

/** Parquet would carry more digits than the type says, and the COPY would fail. */
function decimalCheck({ precision }: { readonly precision: number }, data: Data): RowCheck {
  const words = wordsOf(data)
  const limit = 10n ** BigInt(precision)
  const width = precision <= decimal64PrecisionMax ? 2 : 4
  const roomHigh = Number(limit >> BigInt((width - 1) * 32))
  return (row) => {
    const high = words[row * width + width - 1]!
    if (high > -roomHigh && high < roomHigh) return undefined
    const value = unscaledAt(words, row * width, width)
    return value > -limit && value < limit ? undefined : `the value has more than ${precision} digits`
  }
}

function unscaledAt(words: Int32Array, first: number, width: number): bigint {
  let value = BigInt(words[first + width - 1]!)
  for (let word = width - 2; word >= 0; word--) value = (value << 32n) | BigInt(words[first + word]! >>> 0)
  return value
}

function textCheck(data: Data, bytesMax: number): RowCheck | undefined {
  const [isNoText, isTooLong] = [utf8Check(data), lengthCheck(data, bytesMax)]
  if (isNoText === undefined) return isTooLong
  return (row) => isNoText(row) ?? isTooLong?.(row)
}

function utf8Check(data: Data): RowCheck | undefined {
  const { bytes, offsets } = bytesOf(data)
  if (data.length === 0 || isUtf8(bytes.subarray(offsets[0], offsets[data.length]))) return undefined
  return (row) => (isUtf8(bytes.subarray(offsets[row], offsets[row + 1])) ? undefined : notUtf8)
}

function lengthCheck(data: Data, bytesMax: number): RowCheck | undefined {
  const { offsets } = bytesOf(data)
  if (offsets[data.length]! - offsets[0]! <= bytesMax) return undefined
  return (row) => {
    const length = offsets[row + 1]! - offsets[row]!
    return length > bytesMax ? `the value has ${length} bytes, of which Snowflake holds ${bytesMax}` : undefined
  }
}

function jsonCheck(data: Data, bytesMax: number): RowCheck {
  const { bytes, offsets } = bytesOf(data)
  const isNoText = textCheck(data, bytesMax)
  return (row) =>
    data.getValid(row) ? (isNoText?.(row) ?? unheldJsonReason(bytes, offsets[row]!, offsets[row + 1]!)) : undefined
}

/**
 * An ARRAY is what its JSON is. The JSON is looked at, and below it the texts, of which it would hide what is no UTF-8. A
 * list is NULL as a whole when one of its elements cannot be held: half a list would pass for the whole.
 */
function listCheck(element: ColumnType, { data, staged }: ColumnValues, bytesMax: number): RowCheck {
  const isNoArray = jsonCheck(staged, bytesMax)
  const isNoText = elementsCheck(element, data)
  return (row) => isNoText?.(row) ?? isNoArray(row)
}

function elementsCheck(element: ColumnType, { children, valueOffsets: offsets }: Data): RowCheck | undefined {
  const check = elementCheck(element, children[0]!)
  if (check === undefined) return undefined
  return (row) => {
    for (let index = offsets[row]!; index < offsets[row + 1]!; index++) {
      const reason = children[0]!.getValid(index) ? check(index) : undefined
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

function elementCheck(element: ColumnType, data: Data): RowCheck | undefined {
  if (element.type === 'list') return elementsCheck(element.element, data)
  return element.type === 'text' || element.type === 'json' ? utf8Check(data) : undefined
}

interface Bytes {
  readonly bytes: Uint8Array
  readonly offsets: Int32Array
}

function bytesOf(data: Data): Bytes {
  return { bytes: data.values as Uint8Array, offsets: data.valueOffsets as Int32Array }
}

function wordsOf(data: Data): Int32Array {
  const { buffer, byteOffset, byteLength } = data.values as ArrayBufferView
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}
