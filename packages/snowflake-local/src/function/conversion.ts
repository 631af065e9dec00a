import { wholeMicroseconds } from './nanoseconds.ts'
import { compilationError } from '../engine/sql-error.ts'
import { duckdbType, formatType, isSemiStructured, isTimestamp, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { FunctionContext, TypedSql } from './function-rule.ts'
import { quote } from './sql-text.ts'

export interface ConversionOptions {
  readonly context: FunctionContext
  /** NULL in the place of a failure. */
  readonly tries?: boolean
  /** SQL of a text: a format of dates, times, numbers or binaries; the session's, when left out. */
  readonly format?: string
}

/** A value as another type, as CAST and the implicit conversions of Snowflake make it. */
export function convert(value: TypedSql, type: SqlType, options: ConversionOptions): TypedSql {
  const sql = value.type.name === 'NULL' ? `CAST(NULL AS ${duckdbType(type)})` : convertSql(value, type, options)
  return { sql: options.tries === true && value.type.name !== 'NULL' ? `TRY(${sql})` : sql, type }
}

function convertSql(value: TypedSql, type: SqlType, options: ConversionOptions): string {
  switch (type.name) {
    case 'TEXT':
      return toText(value, options)
    case 'NUMBER':
      return toNumber(value, type, options)
    case 'FLOAT':
      return toFloat(value, options)
    case 'BOOLEAN':
      return toBoolean(value)
    case 'DATE':
      return toDate(value, options)
    case 'TIME':
      return toTime(value, options)
    case 'TIMESTAMP_NTZ':
      return truncateTime(toNtz(value, options), type.scale)
    case 'TIMESTAMP_LTZ':
      return toLtz(value, options)
    case 'TIMESTAMP_TZ':
      return toTz(value, options)
    case 'BINARY':
      return toBinary(value, options)
    case 'VARIANT':
      return toVariant(value, options)
    case 'OBJECT':
    case 'ARRAY':
      return toStructure(value, type)
    default:
      return value.sql
  }
}

function unsupported(value: TypedSql, type: SqlType): Error {
  return compilationError('001065', '22023', `invalid type [CAST(${formatType(value.type)} AS ${formatType(type)})]`)
}

/** The text inside a variant; NULL for a JSON null. */
function plain(value: TypedSql): string {
  return `sf_plain_text(CAST(${value.sql} AS VARCHAR))`
}

function asText(value: TypedSql, options: ConversionOptions): TypedSql {
  return { sql: toText(value, options), type: text() }
}

export function timezone(context: FunctionContext): string {
  return quote(context.parameter('TIMEZONE') ?? 'America/Los_Angeles')
}

/** A wall-clock TIMESTAMP of DuckDB for any value of time. */
export function wallClock(value: TypedSql, context: FunctionContext): string {
  switch (value.type.name) {
    case 'TIMESTAMP_LTZ':
      return `timezone(${timezone(context)}, ${value.sql})`
    case 'TIMESTAMP_TZ':
      return `((${value.sql}).utc + to_minutes(CAST((${value.sql}).tz AS BIGINT)))`
    case 'DATE':
      return `CAST(${value.sql} AS TIMESTAMP)`
    case 'TIME':
      return `(DATE '1970-01-01' + ${value.sql})`
    default:
      return value.sql
  }
}

/** Minutes ahead of UTC, for formats. */
function offsetMinutes(value: TypedSql, context: FunctionContext): string {
  if (value.type.name === 'TIMESTAMP_TZ') return `CAST((${value.sql}).tz AS BIGINT)`
  if (value.type.name !== 'TIMESTAMP_LTZ') return 'CAST(NULL AS BIGINT)'
  return `CAST((epoch_us(${wallClock(value, context)}) - epoch_us(${value.sql})) // 60000000 AS BIGINT)`
}

function outputFormat(type: SqlType, context: FunctionContext): string {
  const plainFormat = context.parameter(`${type.name}_OUTPUT_FORMAT`)
  if (plainFormat !== undefined && plainFormat !== '') return plainFormat
  if (type.name === 'DATE') return 'YYYY-MM-DD'
  if (type.name === 'TIME') return 'HH24:MI:SS'
  if (type.name === 'TIMESTAMP_NTZ') return 'YYYY-MM-DD HH24:MI:SS.FF3'
  return context.parameter('TIMESTAMP_OUTPUT_FORMAT') ?? 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'
}

function inputFormat(type: SqlType, { context, format }: ConversionOptions): string {
  if (format !== undefined) return format
  const name = isTimestamp(type) ? 'TIMESTAMP_INPUT_FORMAT' : `${type.name}_INPUT_FORMAT`
  return quote(context.parameter(name) ?? 'AUTO')
}

function toText(value: TypedSql, options: ConversionOptions): string {
  const { context, format } = options
  switch (value.type.name) {
    case 'TEXT':
      return value.sql
    case 'NUMBER':
      return format === undefined
        ? `CAST(${value.sql} AS VARCHAR)`
        : `sf_format_number(CAST(${value.sql} AS VARCHAR), ${format})`
    case 'FLOAT':
      return format === undefined
        ? `sf_float_text(${value.sql})`
        : `sf_format_number(sf_float_text(${value.sql}), ${format})`
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ': {
      const wall = `epoch_us(${wallClock(value, context)})`
      const written = format ?? quote(outputFormat(value.type, context))
      return `sf_format_time(${wall}, ${offsetMinutes(value, context)}, ${written})`
    }
    case 'BINARY':
      return binaryText(value, format)
    case 'VARIANT':
    case 'OBJECT':
    case 'ARRAY':
      return format === undefined ? plain(value) : `sf_format_number(${plain(value)}, ${format})`
    default:
      return `CAST(${value.sql} AS VARCHAR)`
  }
}

function binaryText(value: TypedSql, format: string | undefined): string {
  if (format === undefined) return `hex(${value.sql})`
  return `CASE upper(${format}) WHEN 'BASE64' THEN to_base64(${value.sql}) WHEN 'HEX' THEN hex(${value.sql}) ELSE decode(${value.sql}) END`
}

function toNumber(value: TypedSql, type: SqlType, options: ConversionOptions): string {
  const target = duckdbType(type)
  switch (value.type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return `CAST(${value.sql} AS ${target})`
    case 'TEXT':
      if (options.format !== undefined) return `CAST(sf_parse_number(${value.sql}, ${options.format}) AS ${target})`
      return `CAST(trim(${value.sql}) AS ${target})`
    case 'BOOLEAN':
      return `CAST(CAST(${value.sql} AS INTEGER) AS ${target})`
    case 'VARIANT':
      return `CAST(sf_number_text(CAST(${value.sql} AS VARCHAR)) AS ${target})`
    default:
      throw unsupported(value, type)
  }
}

function toFloat(value: TypedSql, { format }: ConversionOptions): string {
  switch (value.type.name) {
    case 'VARIANT':
      return `CAST(sf_number_text(CAST(${value.sql} AS VARCHAR)) AS DOUBLE)`
    case 'BOOLEAN':
      return `CAST(CAST(${value.sql} AS INTEGER) AS DOUBLE)`
    case 'TEXT':
      return format === undefined
        ? `CAST(trim(${value.sql}) AS DOUBLE)`
        : `CAST(sf_parse_number(${value.sql}, ${format}) AS DOUBLE)`
    case 'NUMBER':
    case 'FLOAT':
      return `CAST(${value.sql} AS DOUBLE)`
    default:
      throw unsupported(value, { name: 'FLOAT' })
  }
}

function toBoolean(value: TypedSql): string {
  switch (value.type.name) {
    case 'BOOLEAN':
      return value.sql
    case 'NUMBER':
    case 'FLOAT':
      return `(${value.sql} <> 0)`
    case 'TEXT':
      return `sf_boolean(${value.sql})`
    case 'VARIANT':
      return `sf_boolean(${plain(value)})`
    default:
      throw unsupported(value, { name: 'BOOLEAN' })
  }
}

function toDate(value: TypedSql, options: ConversionOptions): string {
  switch (value.type.name) {
    case 'DATE':
      return value.sql
    case 'TEXT':
      return `CAST(make_timestamp(sf_parse_date(${value.sql}, ${inputFormat({ name: 'DATE' }, options)})) AS DATE)`
    case 'VARIANT':
      return toDate({ sql: plain(value), type: text() }, options)
    case 'NUMBER':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return `CAST(${toNtz(value, options)} AS DATE)`
    default:
      throw unsupported(value, { name: 'DATE' })
  }
}

function toTime(value: TypedSql, options: ConversionOptions): string {
  const type: SqlType = { name: 'TIME', scale: 9 }
  switch (value.type.name) {
    case 'TIME':
      return value.sql
    case 'TEXT':
      return `CAST(make_timestamp(sf_parse_time(${value.sql}, ${inputFormat(type, options)})) AS TIME)`
    case 'VARIANT':
      return toTime({ sql: plain(value), type: text() }, options)
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return `CAST(${wallClock(value, options.context)} AS TIME)`
    default:
      throw unsupported(value, type)
  }
}

const microsecondDigits = 6

/** `format` is the scale of the number then: 0 for seconds, 3 for milliseconds. */
function fromEpoch(value: TypedSql, format: string | undefined): string {
  const scale = format ?? '0'
  if (scale === '9') return `make_timestamp(${wholeMicroseconds(value.sql)})`
  return `make_timestamp(CAST(CAST(${value.sql} AS DECIMAL(38,9)) * CAST(power(10, ${microsecondDigits} - (${scale})) AS DECIMAL(28,9)) AS BIGINT))`
}

function toNtz(value: TypedSql, options: ConversionOptions): string {
  const type: SqlType = { name: 'TIMESTAMP_NTZ', scale: 9 }
  switch (value.type.name) {
    case 'TEXT':
      return `make_timestamp(sf_parse_timestamp(${value.sql}, ${inputFormat(type, options)}))`
    case 'NUMBER':
    case 'FLOAT':
      return fromEpoch(value, options.format)
    case 'VARIANT':
      return toNtz({ sql: plain(value), type: text() }, options)
    case 'DATE':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return wallClock(value, options.context)
    default:
      throw unsupported(value, type)
  }
}

/** A TIMESTAMPTZ of DuckDB. */
function toLtz(value: TypedSql, options: ConversionOptions): string {
  switch (value.type.name) {
    case 'TIMESTAMP_LTZ':
      return value.sql
    case 'TIMESTAMP_TZ':
      return `timezone('UTC', (${value.sql}).utc)`
    case 'NUMBER':
    case 'FLOAT':
      return `timezone('UTC', ${fromEpoch(value, options.format)})`
    case 'TEXT': {
      const offset = `sf_parse_offset(${value.sql}, ${inputFormat({ name: 'TIMESTAMP_LTZ', scale: 9 }, options)})`
      const wall = toNtz(value, options)
      const zone = timezone(options.context)
      return `CASE WHEN ${offset} IS NULL THEN timezone(${zone}, ${wall}) ELSE timezone('UTC', ${wall} - to_minutes(${offset})) END`
    }
    case 'VARIANT':
      return toLtz({ sql: plain(value), type: text() }, options)
    default:
      return `timezone(${timezone(options.context)}, ${toNtz(value, options)})`
  }
}

function toTz(value: TypedSql, options: ConversionOptions): string {
  if (value.type.name === 'TIMESTAMP_TZ') return value.sql
  const struct = 'STRUCT(utc TIMESTAMP, tz SMALLINT)'
  const instant = toLtz(value, options)
  const utc = `timezone('UTC', ${instant})`
  const session = offsetMinutes({ sql: instant, type: { name: 'TIMESTAMP_LTZ', scale: 9 } }, options.context)
  const isNumber = value.type.name === 'NUMBER' || value.type.name === 'FLOAT'
  const offset =
    value.type.name === 'TEXT'
      ? `coalesce(sf_parse_offset(${value.sql}, ${inputFormat({ name: 'TIMESTAMP_TZ', scale: 9 }, options)}), ${session})`
      : isNumber
        ? '0'
        : session
  return `CASE WHEN ${value.sql} IS NULL THEN NULL ELSE CAST({utc: ${utc}, tz: CAST(${offset} AS SMALLINT)} AS ${struct}) END`
}

function truncateTime(sql: string, scale: number): string {
  if (scale >= microsecondDigits) return sql
  return `make_timestamp((epoch_us(${sql}) // ${10 ** (microsecondDigits - scale)}) * ${10 ** (microsecondDigits - scale)})`
}

function toBinary(value: TypedSql, { format }: ConversionOptions): string {
  if (value.type.name === 'BINARY') return value.sql
  const source = value.type.name === 'VARIANT' ? plain(value) : value.sql
  return `sf_to_binary(${source}, ${format ?? "'HEX'"})`
}

/** The JSON text that a value has inside an object or array; DuckDB's VARCHAR. */
export function jsonText(value: TypedSql, options: ConversionOptions): string {
  switch (value.type.name) {
    case 'NUMBER':
      return value.type.scale === 0 ? `CAST(${value.sql} AS VARCHAR)` : `sf_json_number(CAST(${value.sql} AS VARCHAR))`
    case 'FLOAT':
      return `sf_json_double(${value.sql})`
    case 'BOOLEAN':
    case 'VARIANT':
    case 'OBJECT':
    case 'ARRAY':
      return `CAST(${value.sql} AS VARCHAR)`
    case 'NULL':
      return 'CAST(NULL AS VARCHAR)'
    default:
      return `CAST(to_json(${asText(value, options).sql}) AS VARCHAR)`
  }
}

export function toVariant(value: TypedSql, options: ConversionOptions): string {
  return isSemiStructured(value.type) ? value.sql : `CAST(${jsonText(value, options)} AS JSON)`
}

function toStructure(value: TypedSql, type: SqlType): string {
  if (value.type.name === type.name) return value.sql
  if (value.type.name === 'VARIANT')
    return `CAST(sf_to_${type.name.toLowerCase()}(CAST(${value.sql} AS VARCHAR)) AS JSON)`
  throw unsupported(value, type)
}
