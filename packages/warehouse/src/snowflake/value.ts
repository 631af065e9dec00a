import type { Column } from 'snowflake-sdk'
import type { SqlValue } from '@eclusa/sdk'

/** The type of a result's column as DDL writes it: `NUMBER(38,0)`, `TIMESTAMP_NTZ(9)`. */
export function typeNameOf(column: Column): string {
  const type = column.getType().toUpperCase()
  switch (type) {
    case 'FIXED':
      return `NUMBER(${column.getPrecision()},${column.getScale()})`
    case 'REAL':
      return 'FLOAT'
    case 'TEXT':
      return 'VARCHAR'
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return `${type}(${column.getScale()})`
    default:
      return type
  }
}

/** Digits that fit into 32 bits. */
const smallIntegerDigitsMax = 9

/**
 * Turns what the driver gives, with numbers, dates and JSON fetched as text, into a `SqlValue`. The type decides, never
 * the value: NUMBER(10,0) is a bigint in every row.
 */
export function valueParserOf(column: Column): (value: unknown) => SqlValue {
  const parse = parserOf(column)
  return (value) => (value === null || value === undefined ? null : parse(value))
}

function parserOf(column: Column): (value: unknown) => SqlValue {
  switch (column.getType().toUpperCase()) {
    case 'FIXED':
      if (column.getScale() > 0) return String
      return column.getPrecision() <= smallIntegerDigitsMax ? Number : (value) => BigInt(String(value))
    case 'REAL':
      return (value) => floatOf(String(value))
    case 'BOOLEAN':
      return (value) => value === true || value === 'TRUE' || value === 'true'
    case 'BINARY':
      return (value) => (typeof value === 'string' ? Uint8Array.from(Buffer.from(value, 'hex')) : bytesOf(value))
    default:
      return String
  }
}

/** Snowflake writes infinities as `inf`. */
function floatOf(text: string): number {
  if (/^-?inf/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

function bytesOf(value: unknown): Uint8Array {
  return Uint8Array.from(value as Buffer)
}

/** What the driver binds. Snowflake casts the texts: numbers of any size, and hex of bytes. */
export function bindableSnowflakeValue(value: SqlValue): string | number | boolean | null {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return floatText(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

function floatText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'
}
