import type { Data } from 'apache-arrow'
import type { ColumnType } from './column-type.ts'
import { formatDate, formatTime, formatTimestamp, formatTimetz } from './value/date-time-text.ts'
import { formatDecimal } from './value/decimal-text.ts'
import { formatFloat32, formatFloat64 } from './value/float-text.ts'
import { formatInterval } from './value/interval.ts'
import { readBoolean, readBytes, readDecimal, readInterval, readText } from './value/read-value.ts'

/**
 * The value at a row of an Arrow column as PostgreSQL prints it; null for NULL.
 *
 * The text is PostgreSQL's own with `datestyle = ISO`, `intervalstyle = postgres`, `timezone = UTC`,
 * `bytea_output = hex` and `extra_float_digits = 1`: `t`, `12.50`, `1e+20`, `0044-03-15 BC`, `2026-01-31 12:00:00+00`,
 * `1 year -2 days`, `\x00ff`, `{1,NULL,"a b"}`. Two equal values of one column type have equal texts, whatever they
 * were read from; the one exception is -0 of a float, which equals 0 and keeps its sign.
 *
 * @param data the column's Arrow data in the representation that arrow-type.ts states, such as
 *   `batch.records.data.children[0]`; `row` counts from its start.
 */
export function formatValue(type: ColumnType, data: Data, row: number): string | null {
  return valueFormatter(type)(data, row)
}

/** Formats a value of an Arrow column; null for NULL. */
export type ValueFormatter = (data: Data, row: number) => string | null

/** `formatValue` for many values of one type. */
export function valueFormatter(type: ColumnType): ValueFormatter {
  const format = presentValueFormatter(type)
  return (data, row) => (data.getValid(row) ? format(data, row) : null)
}

function presentValueFormatter(type: ColumnType): (data: Data, row: number) => string {
  switch (type.type) {
    case 'boolean':
      return (data, row) => (readBoolean(data, row) ? 't' : 'f')
    case 'int16':
    case 'int32':
    case 'int64':
      return (data, row) => String(data.values[row])
    case 'float32':
      return (data, row) => formatFloat32(data.values[row])
    case 'float64':
      return (data, row) => formatFloat64(data.values[row])
    case 'decimal':
      return (data, row) => formatDecimal(readDecimal(data, row), type.scale)
    case 'text':
    case 'json':
      return readText
    case 'bytes':
      return (data, row) => `\\x${readBytes(data, row).toString('hex')}`
    case 'date':
      return (data, row) => formatDate(data.values[row])
    case 'time':
      return (data, row) => formatTime(Number(data.values[row]))
    case 'timetz':
      return (data, row) => formatTimetz(data.values[row])
    case 'timestamp':
      return (data, row) => formatTimestamp(data.values[row], '')
    case 'timestamptz':
      return (data, row) => formatTimestamp(data.values[row], '+00')
    case 'interval':
      return (data, row) => formatInterval(readInterval(data, row))
    case 'uuid':
      return (data, row) => formatUuid(data.values.subarray(row * 16, row * 16 + 16))
    case 'list':
      return listFormatter(type.element)
  }
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function listFormatter(element: ColumnType): (data: Data, row: number) => string {
  const formatElement = valueFormatter(element)
  const quote = element.type === 'list' ? (text: string) => text : quoteElement
  return (data, row) => {
    const [elements] = data.children as [Data]
    const texts: string[] = []
    for (let index = data.valueOffsets[row]!; index < data.valueOffsets[row + 1]!; index++) {
      const text = formatElement(elements, index)
      texts.push(text === null ? 'NULL' : quote(text))
    }
    return `{${texts.join(',')}}`
  }
}

/** Only these are blank to PostgreSQL's array syntax (array_isspace in src/backend/utils/adt/arrayfuncs.c). */
const needsQuotes = /[{}",\\ \t\n\r\v\f]|^null$|^$/i

function quoteElement(text: string): string {
  return needsQuotes.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : text
}
