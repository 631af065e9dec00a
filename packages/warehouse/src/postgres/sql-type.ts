import type { ColumnType, PlainColumnTypeName } from '@eclusa/sdk'
import { decimalPrecisionMax } from '@eclusa/sdk'

const sqlTypes: Record<PlainColumnTypeName, string> = {
  boolean: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  text: 'text',
  bytes: 'bytea',
  date: 'date',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  interval: 'interval',
  uuid: 'uuid',
  json: 'json',
}

const columnTypes = new Map(Object.entries(sqlTypes).map(([type, sqlType]) => [sqlType, type as PlainColumnTypeName]))

/**
 * Spelled as `format_type` spells it, so that the two can be compared as text. An array type of PostgreSQL has any
 * number of dimensions, so lists of lists share the array type of their innermost element. `json`, not `jsonb`,
 * because only `json` keeps the document's text.
 */
export function postgresTypeOf(type: ColumnType): string {
  if (type.type === 'decimal') return `numeric(${type.precision},${type.scale})`
  if (type.type !== 'list') return sqlTypes[type.type]
  return type.element.type === 'list' ? postgresTypeOf(type.element) : `${postgresTypeOf(type.element)}[]`
}

export function columnTypeOfPostgres(sqlType: string): ColumnType | undefined {
  if (sqlType.endsWith('[]')) {
    const element = columnTypeOfPostgres(sqlType.slice(0, -2))
    return element && { type: 'list', element }
  }
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(sqlType)
  if (decimal === null) {
    const type = columnTypes.get(sqlType)
    return type && { type }
  }
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])]
  const fits = precision <= decimalPrecisionMax && scale <= precision
  return fits ? { type: 'decimal', precision, scale } : undefined
}
