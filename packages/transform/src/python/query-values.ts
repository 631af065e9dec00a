import type { SqlValue } from '@eclusa/sdk'
import { isInt, makeInt } from '../jinja/python-number.ts'
import { agateTypes } from './agate-type.ts'
import type { AgateType } from './agate-type.ts'
import { PyDateTime } from './date-time.ts'
import { PyDate } from './date.ts'
import { PyDecimal } from './decimal.ts'
import { parseIso } from './time-parse.ts'

const decimalPattern = /^(?:decimal|numeric|number)/iu
const floatPattern = /^(?:float|double|real)/iu

/** A column's values as Python's drivers and dbt give them to templates, and the type that agate finds for them. */
export function columnValues(
  sqlType: string,
  values: readonly SqlValue[],
): { readonly type: AgateType; readonly values: readonly unknown[] } {
  const convert = converterOf(sqlType)
  const converted = values.map((value) => (value === null ? null : convert(value)))
  const type = typeOfValues(converted)
  return { type, values: type === agateTypes.Number ? converted.map(asDecimal) : converted }
}

type Converter = (value: Exclude<SqlValue, null>) => unknown

const datePattern = /^date$/iu
const timestampPattern = /^(?:timestamp|datetime)/iu
const timePattern = /^time(?!stamp)/iu
const arrayPattern = /\[\d*\]$/u

function converterOf(sqlType: string): Converter {
  if (arrayPattern.test(sqlType)) return (value) => arrayText(String(value))
  if (decimalPattern.test(sqlType)) return (value) => PyDecimal.parse(String(value)) ?? String(value)
  if (floatPattern.test(sqlType)) return (value) => (typeof value === 'number' ? PyDecimal.ofNumber(value) : value)
  if (datePattern.test(sqlType)) return (value) => dateOf(String(value))
  if (timestampPattern.test(sqlType)) return (value) => momentOf(String(value))
  if (timePattern.test(sqlType)) return (value) => timeText(String(value))
  return (value) => {
    if (typeof value === 'bigint') return makeInt(value)
    return value instanceof Uint8Array ? bytesText(value) : value
  }
}

/** Dates that Python cannot hold, such as `infinity` and those before Christ, stay text. */
function dateOf(text: string): unknown {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(text) ?? []
  return day === undefined ? text : new PyDate({ year: Number(year), month: Number(month), day: Number(day) })
}

const momentPattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-]\d\d(?::?\d\d)?)?$/u

function momentOf(text: string): unknown {
  const [, day, clock, fraction = '', zone = ''] = momentPattern.exec(text) ?? []
  // Python's clocks know microseconds; nanoseconds are cut.
  return day === undefined ? text : new PyDateTime(parseIso(`${day}T${clock}${fraction.slice(0, 7)}${zone}`))
}

/** agate knows no times of the day: they become the text of Python's. */
function timeText(text: string): string {
  const [, clock, fraction] = /^(\d\d:\d\d:\d\d)(\.\d+)?$/u.exec(text) ?? []
  if (clock === undefined) return text
  return fraction === undefined ? clock : clock + fraction.slice(0, 7).padEnd(7, '0')
}

/** dbt writes lists as JSON. PostgreSQL's own text is in braces, DuckDB's for lists of numbers is JSON already. */
function arrayText(text: string): string {
  if (!text.startsWith('{')) return text
  const items = [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gu)].map(([, quoted, bare]) => {
    if (quoted !== undefined) return JSON.stringify(quoted.replace(/\\(.)/gu, '$1'))
    return bare === 'NULL' ? 'null' : /^-?\d+(?:\.\d+)?$/u.test(bare ?? '') ? bare : JSON.stringify(bare)
  })
  return `[${items.join(', ')}]`
}

/** What agate makes of the values of a column; text wherever they are not all of one kind. */
export function typeOfValues(values: readonly unknown[]): AgateType {
  const filled = values.filter((value) => value !== null)
  if (filled.every(isInt)) return agateTypes.Integer
  if (filled.every((value) => isInt(value) || value instanceof PyDecimal)) return agateTypes.Number
  if (filled.every((value) => value instanceof PyDate)) return agateTypes.Date
  if (filled.every((value) => value instanceof PyDateTime)) return agateTypes.DateTime
  if (filled.every((value) => typeof value === 'boolean')) return agateTypes.Boolean
  return agateTypes.Text
}

function asDecimal(value: unknown): unknown {
  return isInt(value) ? new PyDecimal(BigInt(value), 0) : value
}

/** Python's text of a bytes object. */
function bytesText(bytes: Uint8Array): string {
  const parts = Array.from(bytes, (byte) => {
    if (byte === 0x5c || byte === 0x27) return `\\${String.fromCharCode(byte)}`
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `b'${parts.join('')}'`
}
