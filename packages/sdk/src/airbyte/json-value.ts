import type { Data } from 'apache-arrow'
import { dateInfinityDays, timestampInfinityUs } from '../arrow-type.ts'
import type { ColumnType } from '../column-type.ts'
import { formatDate, formatTime, formatTimestamp, formatTimetz } from '../value/date-time-text.ts'
import { formatDecimal } from '../value/decimal-text.ts'
import { formatFloat32, formatFloat64 } from '../value/float-text.ts'
import { readBoolean, readBytes, readDecimal } from '../value/read-value.ts'
import { valueFormatter } from '../value-text.ts'
import type { JsonBytes } from './json-bytes.ts'

/**
 * Writes the present value of a row. @returns why JSON cannot hold it; nothing is written then.
 */
export type JsonValueWriter = (out: JsonBytes, data: Data, row: number) => string | undefined

/** The writer of a column type; see column-schema.ts for the forms. */
export function jsonValueWriter(type: ColumnType): JsonValueWriter {
  switch (type.type) {
    case 'boolean':
      return written((out, data, row) => out.ascii(readBoolean(data, row) ? 'true' : 'false'))
    case 'int16':
    case 'int32':
      return written((out, data, row) => out.int(data.values[row]))
    case 'int64':
      return written((out, data, row) => out.ascii(String(data.values[row])))
    case 'float32':
      return floatWriter(formatFloat32)
    case 'float64':
      return floatWriter(formatFloat64)
    case 'decimal':
      return written((out, data, row) => out.ascii(formatDecimal(readDecimal(data, row), type.scale)))
    case 'text':
      return writeText
    case 'json':
      return writeDocument
    case 'bytes':
      return written((out, data, row) => out.ascii(`"${readBytes(data, row).toString('base64')}"`))
    case 'date':
      return writeDate
    case 'time':
      return written((out, data, row) => out.ascii(`"${formatTime(Number(data.values[row]))}"`))
    case 'timetz':
      return written((out, data, row) => out.ascii(`"${withMinutes(formatTimetz(data.values[row]))}"`))
    case 'timestamp':
      return timestampWriter('')
    case 'timestamptz':
      return timestampWriter('Z')
    case 'list':
      return listWriter(type.element)
    default:
      return textWriter(type)
  }
}

function written(write: (out: JsonBytes, data: Data, row: number) => void): JsonValueWriter {
  return (out, data, row) => {
    write(out, data, row)
    return undefined
  }
}

function floatWriter(format: (value: number) => string): JsonValueWriter {
  return (out, data, row) => {
    const value = data.values[row] as number
    if (!Number.isFinite(value)) return 'JSON has no NaN and no infinity'
    out.ascii(format(value))
    return undefined
  }
}

function writeText(out: JsonBytes, data: Data, row: number): undefined {
  const offsets = data.valueOffsets as Int32Array
  out.text(data.values, offsets[row]!, offsets[row + 1]!)
}

/** A document may stand on several lines, a message may not: line breaks between its tokens are as good as blanks. */
function writeDocument(out: JsonBytes, data: Data, row: number): undefined {
  const bytes = readBytes(data, row)
  out.raw(bytes.includes(0x0a) || bytes.includes(0x0d) ? bytes.map((byte) => (isLineBreak(byte) ? 0x20 : byte)) : bytes)
}

function isLineBreak(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d
}

function writeDate(out: JsonBytes, data: Data, row: number): string | undefined {
  const days = data.values[row] as number
  if (Math.abs(days) === dateInfinityDays) return 'a date of JSON Schema is not infinite'
  out.ascii(`"${formatDate(days)}"`)
  return undefined
}

const era = ' BC'

/** ISO 8601, with a `T`; years BC keep PostgreSQL's era at the end, as Airbyte's types allow. */
function timestampWriter(zone: '' | 'Z'): JsonValueWriter {
  return (out, data, row) => {
    const us = data.values[row] as bigint
    if (us === timestampInfinityUs || us === -timestampInfinityUs) return 'a date-time of JSON Schema is not infinite'
    const text = formatTimestamp(us, '')
    const blank = text.indexOf(' ')
    const [date, clock] = [text.slice(0, blank), text.slice(blank + 1)]
    const isBefore = clock.endsWith(era)
    out.ascii(`"${date}T${isBefore ? clock.slice(0, -era.length) : clock}${zone}${isBefore ? era : ''}"`)
    return undefined
  }
}

/** JSON Schema's `time` has minutes in its offset. */
function withMinutes(timetz: string): string {
  return /[+-]\d\d$/u.test(timetz) ? `${timetz}:00` : timetz
}

function textWriter(type: ColumnType): JsonValueWriter {
  const format = valueFormatter(type)
  return written((out, data, row) => out.ascii(`"${format(data, row)!}"`))
}

function writeNull(out: JsonBytes): undefined {
  out.ascii('null')
}

function listWriter(element: ColumnType): JsonValueWriter {
  const write = jsonValueWriter(element)
  return (out, data, row) => {
    const start = out.byteLength
    const [elements] = data.children as [Data]
    const [first, end] = [data.valueOffsets[row]!, data.valueOffsets[row + 1]!]
    out.ascii('[')
    for (let index = first; index < end; index++) {
      if (index > first) out.ascii(',')
      const problem = elements.getValid(index) ? write(out, elements, index) : writeNull(out)
      if (problem === undefined) continue
      // Half a list would pass for the whole.
      out.cut(start)
      return problem
    }
    out.ascii(']')
    return undefined
  }
}
