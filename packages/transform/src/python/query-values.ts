import type { SqlValue } from '@eclusa/sdk'
import { isInt, makeInt } from '../jinja/python-number.ts'
import { agateTypes } from './agate-type.ts'
import type { AgateType } from './agate-type.ts'
import { PyDecimal } from './decimal.ts'

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

function converterOf(sqlType: string): (value: Exclude<SqlValue, null>) => unknown {
  if (decimalPattern.test(sqlType)) return (value) => PyDecimal.parse(String(value)) ?? String(value)
  if (floatPattern.test(sqlType)) return (value) => (typeof value === 'number' ? PyDecimal.ofNumber(value) : value)
  return (value) => {
    if (typeof value === 'bigint') return makeInt(value)
    return value instanceof Uint8Array ? bytesText(value) : value
  }
}

/** What agate makes of the values of a column; text wherever they are not all of one kind. */
export function typeOfValues(values: readonly unknown[]): AgateType {
  const filled = values.filter((value) => value !== null)
  if (filled.every(isInt)) return agateTypes.Integer
  if (filled.every((value) => isInt(value) || value instanceof PyDecimal)) return agateTypes.Number
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
