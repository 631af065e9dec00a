import type { ColumnType, PlainColumnTypeName } from '@eclusa/sdk'
import { decimalPrecisionMax } from '@eclusa/sdk'

const sqlTypes: Record<PlainColumnTypeName, string> = {
  boolean: 'BOOLEAN',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  text: 'VARCHAR',
  bytes: 'BLOB',
  date: 'DATE',
  time: 'TIME',
  timetz: 'TIME WITH TIME ZONE',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  interval: 'INTERVAL',
  uuid: 'UUID',
  json: 'JSON',
}

const columnTypes = new Map(Object.entries(sqlTypes).map(([type, sqlType]) => [sqlType, type as PlainColumnTypeName]))

/** Spelled as DuckDB's own catalog spells it, so that the two can be compared as text. */
export function duckdbTypeOf(type: ColumnType): string {
  if (type.type === 'decimal') return `DECIMAL(${type.precision},${type.scale})`
  if (type.type === 'list') return `${duckdbTypeOf(type.element)}[]`
  return sqlTypes[type.type]
}

export function columnTypeOfDuckdb(sqlType: string): ColumnType | undefined {
  if (sqlType.endsWith('[]')) {
    const element = columnTypeOfDuckdb(sqlType.slice(0, -2))
    return element && { type: 'list', element }
  }
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(sqlType)
  if (decimal === null) {
    const type = columnTypes.get(sqlType)
    return type && { type }
  }
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])]
  return precision <= decimalPrecisionMax ? { type: 'decimal', precision, scale } : undefined
}
