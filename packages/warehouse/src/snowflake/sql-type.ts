import { decimalPrecisionMax } from '@eclusa/sdk'
import type { ColumnType, PlainColumnTypeName } from '@eclusa/sdk'

/** The longest that a column may hold; a VARCHAR without a length stops at 16 MiB. */
const textType = 'VARCHAR(134217728)'

/** Snowflake's largest scale; a decimal of 38 digits behind the point is kept as text. */
const scaleMax = 37

const sqlTypes: Record<PlainColumnTypeName, string> = {
  boolean: 'BOOLEAN',
  int16: 'NUMBER(5,0)',
  int32: 'NUMBER(10,0)',
  int64: 'NUMBER(19,0)',
  float32: 'FLOAT',
  float64: 'FLOAT',
  text: textType,
  bytes: 'BINARY(67108864)',
  date: 'DATE',
  time: 'TIME(6)',
  timetz: textType,
  timestamp: 'TIMESTAMP_NTZ(6)',
  timestamptz: 'TIMESTAMP_TZ(6)',
  interval: textType,
  uuid: textType,
  json: 'VARIANT',
}

const columnTypes: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ...Object.entries(sqlTypes).map(
    ([type, sqlType]) => [sqlType, { type: type as PlainColumnTypeName }] satisfies [string, ColumnType],
  ),
  // Several share these, and a catalog says the length that is left out.
  [textType, { type: 'text' }],
  ['VARCHAR', { type: 'text' }],
  ['VARCHAR(16777216)', { type: 'text' }],
  ['FLOAT', { type: 'float64' }],
  ['ARRAY', { type: 'list', element: { type: 'json' } }],
])

/**
 * Spelled as DESCRIBE TABLE spells it, so that the two can be compared as text. What Snowflake has no type for is kept as
 * text (`time with time zone`, intervals, UUIDs, a decimal with a scale of 38); the elements of an ARRAY have no type.
 */
export function snowflakeTypeOf(type: ColumnType): string {
  if (type.type === 'decimal') return type.scale > scaleMax ? textType : `NUMBER(${type.precision},${type.scale})`
  return type.type === 'list' ? 'ARRAY' : sqlTypes[type.type]
}

export function columnTypeOfSnowflake(sqlType: string): ColumnType | undefined {
  const known = columnTypes.get(sqlType)
  if (known !== undefined) return known
  const decimal = /^NUMBER\((\d+),\s*(\d+)\)$/u.exec(sqlType)
  if (decimal === null) return undefined
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])]
  return precision <= decimalPrecisionMax && scale <= precision ? { type: 'decimal', precision, scale } : undefined
}
