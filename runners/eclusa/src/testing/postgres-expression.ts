import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
} from '@duckdb/node-api'
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'

/*
 * A value that DuckDB holds, as an expression that PostgreSQL evaluates: from its numbers, not from a text that would
 * have been formatted by the code under test. PostgreSQL then prints it, and that must be what it prints of its own.
 */

const int64Max = 2n ** 63n - 1n

/** Without a type modifier: a cast to numeric(12,2) or char(5) would mend what is wrong. */
const typeNames: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.BOOLEAN]: 'boolean',
  [DuckDBTypeId.SMALLINT]: 'int2',
  [DuckDBTypeId.INTEGER]: 'int4',
  [DuckDBTypeId.BIGINT]: 'int8',
  [DuckDBTypeId.FLOAT]: 'float4',
  [DuckDBTypeId.DOUBLE]: 'float8',
  [DuckDBTypeId.DECIMAL]: 'numeric',
  [DuckDBTypeId.VARCHAR]: 'text',
  [DuckDBTypeId.BLOB]: 'bytea',
  [DuckDBTypeId.DATE]: 'date',
  [DuckDBTypeId.TIME]: 'time',
  [DuckDBTypeId.TIME_TZ]: 'timetz',
  [DuckDBTypeId.TIMESTAMP]: 'timestamp',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'timestamptz',
  [DuckDBTypeId.INTERVAL]: 'interval',
  [DuckDBTypeId.UUID]: 'uuid',
}

function typeNameOf(type: DuckDBType): string {
  if (type instanceof DuckDBListType) return `${typeNameOf(type.valueType)}[]`
  const name = typeNames[type.typeId]
  if (name === undefined) throw new Error(`no type of PostgreSQL for ${String(type)}`)
  return name
}

export interface DuckDbCell {
  readonly type: DuckDBType | undefined
  readonly value: DuckDBValue | undefined
}

/** @throws for a cell that is not there. */
export function postgresExpression(cell: DuckDbCell | undefined): string {
  if (cell?.type === undefined || cell.value === undefined) throw new Error('there is no such column')
  return expressionOf(cell.type, cell.value)
}

function expressionOf(type: DuckDBType, value: DuckDBValue): string {
  if (value === null) return `NULL::${typeNameOf(type)}`
  if (type instanceof DuckDBListType) {
    const items = (value as DuckDBListValue).items.map((item) => expressionOf(type.valueType, item))
    return `ARRAY[${items.join(', ')}]::${typeNameOf(type)}`
  }
  return `(${scalarExpression(value)})::${typeNameOf(type)}`
}

function scalarExpression(value: DuckDBValue): string {
  if (value instanceof DuckDBDateValue) return dateExpression(value.days)
  if (value instanceof DuckDBTimestampValue) return instantExpression('timestamp', value.micros)
  if (value instanceof DuckDBTimestampTZValue) return instantExpression('timestamptz', value.micros)
  if (value instanceof DuckDBTimeValue) return quote(clockText(value.micros))
  if (value instanceof DuckDBTimeTZValue) return quote(clockText(value.micros) + offsetText(value.offset))
  if (value instanceof DuckDBIntervalValue)
    return `'${value.months} months ${value.days} days ${value.micros} microseconds'::interval`
  if (value instanceof DuckDBBlobValue) return quote(`\\x${Buffer.from(value.bytes).toString('hex')}`)
  if (value instanceof DuckDBDecimalValue) return quote(decimalText(value))
  if (typeof value === 'number') return quote(Object.is(value, -0) ? '-0' : String(value))
  return quote(String(value))
}

function dateExpression(days: number): string {
  if (Math.abs(days) === 2_147_483_647) return days > 0 ? "'infinity'" : "'-infinity'"
  return `date '1970-01-01' + ${days}`
}

function instantExpression(type: 'timestamp' | 'timestamptz', us: bigint): string {
  if (us === int64Max || us === -int64Max) return us > 0n ? "'infinity'" : "'-infinity'"
  return `${type} '1970-01-01 00:00:00+00' + '${us} microseconds'::interval`
}

function clockText(us: bigint): string {
  const seconds = us / 1_000_000n
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => String(part).padStart(2, '0'))
  return `${parts.join(':')}.${String(us % 1_000_000n).padStart(6, '0')}`
}

function offsetText(seconds: number): string {
  const [size, sign] = [Math.abs(seconds), seconds < 0 ? '-' : '+']
  return sign + [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].join(':')
}

function decimalText({ value, scale }: DuckDBDecimalValue): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const [whole, fraction] = [digits.slice(0, digits.length - scale), digits.slice(digits.length - scale)]
  return `${value < 0n ? '-' : ''}${whole}${scale > 0 ? '.' : ''}${fraction}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
