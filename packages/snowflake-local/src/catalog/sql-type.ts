import type { ResultColumn, WireType } from '../engine/statement.ts'

/*
 * Snowflake's types, and how DuckDB keeps their values:
 *
 *   NUMBER(p,s)      DECIMAL(p,s); results of expressions may be any of DuckDB's integers or decimals of that scale
 *   FLOAT            DOUBLE
 *   TEXT, BINARY     VARCHAR, BLOB
 *   BOOLEAN, DATE    the same
 *   TIME(s)          TIME, microseconds
 *   TIMESTAMP_NTZ    TIMESTAMP, microseconds: digits seven to nine of a fraction are cut off
 *   TIMESTAMP_LTZ    TIMESTAMPTZ
 *   TIMESTAMP_TZ     STRUCT(utc TIMESTAMP, tz SMALLINT): the instant, and its offset in minutes
 *   VARIANT, OBJECT, ARRAY   JSON; a JSON null is the text `null`, SQL's NULL is NULL
 *   NULL             the type of a bare NULL, which takes on any other
 */

export type SqlType =
  | { readonly name: 'NUMBER'; readonly precision: number; readonly scale: number }
  | { readonly name: 'FLOAT' | 'BOOLEAN' | 'DATE' | 'VARIANT' | 'OBJECT' | 'ARRAY' | 'NULL' }
  | { readonly name: 'TEXT' | 'BINARY'; readonly length: number }
  | { readonly name: TimeTypeName; readonly scale: number }

export type TimestampName = 'TIMESTAMP_NTZ' | 'TIMESTAMP_LTZ' | 'TIMESTAMP_TZ'
export type TimeTypeName = 'TIME' | TimestampName
export type SqlTypeName = SqlType['name']

export const precisionMax = 38
/** Of a VARCHAR and a BINARY without a length. */
export const textLengthDefault = 16_777_216
export const binaryLengthDefault = 8_388_608
const secondScaleMax = 9

export const number = (precision: number = precisionMax, scale = 0): SqlType => ({ name: 'NUMBER', precision, scale })
export const text = (length: number = textLengthDefault): SqlType => ({ name: 'TEXT', length })
export const binary = (length: number = binaryLengthDefault): SqlType => ({ name: 'BINARY', length })
export const time = (scale: number = secondScaleMax): SqlType => ({ name: 'TIME', scale })
export const timestamp = (name: TimestampName, scale: number = secondScaleMax): SqlType => ({ name, scale })

export const integer: SqlType = number()
export const float: SqlType = { name: 'FLOAT' }
export const boolean: SqlType = { name: 'BOOLEAN' }
export const date: SqlType = { name: 'DATE' }
export const variant: SqlType = { name: 'VARIANT' }
export const object: SqlType = { name: 'OBJECT' }
export const array: SqlType = { name: 'ARRAY' }
export const untyped: SqlType = { name: 'NULL' }

export function isTimestamp(type: SqlType): type is { readonly name: TimestampName; readonly scale: number } {
  return type.name.startsWith('TIMESTAMP_')
}

export function isSemiStructured(type: SqlType): boolean {
  return type.name === 'VARIANT' || type.name === 'OBJECT' || type.name === 'ARRAY'
}

export function isSameType(left: SqlType, right: SqlType): boolean {
  return formatType(left) === formatType(right)
}

/** As DESCRIBE TABLE writes it: `NUMBER(38,0)`, `VARCHAR(16777216)`, `TIMESTAMP_NTZ(9)`. */
export function formatType(type: SqlType): string {
  switch (type.name) {
    case 'NUMBER':
      return `NUMBER(${type.precision},${type.scale})`
    case 'TEXT':
      return `VARCHAR(${type.length})`
    case 'BINARY':
      return `BINARY(${type.length})`
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return `${type.name}(${type.scale})`
    case 'NULL':
      return `VARCHAR(${textLengthDefault})`
    default:
      return type.name
  }
}

/** The type of DuckDB in which a column of this type is kept. */
export function duckdbType(type: SqlType): string {
  switch (type.name) {
    case 'NUMBER':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'FLOAT':
      return 'DOUBLE'
    case 'TEXT':
    case 'NULL':
      return 'VARCHAR'
    case 'BINARY':
      return 'BLOB'
    case 'TIMESTAMP_NTZ':
      return 'TIMESTAMP'
    case 'TIMESTAMP_LTZ':
      return 'TIMESTAMPTZ'
    case 'TIMESTAMP_TZ':
      return 'STRUCT(utc TIMESTAMP, tz SMALLINT)'
    case 'VARIANT':
    case 'OBJECT':
    case 'ARRAY':
      return 'JSON'
    default:
      return type.name
  }
}

const wireTypes: Readonly<Record<SqlTypeName, WireType>> = {
  NUMBER: 'fixed',
  FLOAT: 'real',
  TEXT: 'text',
  NULL: 'text',
  BINARY: 'binary',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP_NTZ: 'timestamp_ntz',
  TIMESTAMP_LTZ: 'timestamp_ltz',
  TIMESTAMP_TZ: 'timestamp_tz',
  VARIANT: 'variant',
  OBJECT: 'object',
  ARRAY: 'array',
}

/** UTF-8 has up to four bytes for a character. */
const bytesPerCharacter = 4

export function resultColumn(name: string, type: SqlType, nullable = true): ResultColumn {
  const column = { name, type: wireTypes[type.name], nullable }
  switch (type.name) {
    case 'NUMBER':
      return { ...column, precision: type.precision, scale: type.scale }
    case 'TEXT':
      return { ...column, length: type.length, byteLength: Math.min(type.length * bytesPerCharacter, 134_217_728) }
    case 'NULL':
      return { ...column, length: textLengthDefault, byteLength: textLengthDefault }
    case 'BINARY':
      return { ...column, length: type.length, byteLength: type.length }
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return { ...column, precision: 0, scale: type.scale }
    default:
      return column
  }
}
