import {
  array,
  binary,
  boolean,
  date,
  float,
  isSemiStructured,
  number,
  object,
  precisionMax,
  text,
  time,
  timestamp,
  variant,
} from '../catalog/sql-type.ts'
import type { SqlType, TimestampName } from '../catalog/sql-type.ts'
import { convert, jsonText } from './conversion.ts'
import type { FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'
import type { RuleTable } from './scalar-rule.ts'

type Target = SqlType | ((context: FunctionContext) => SqlType)

/** TO_ and TRY_TO_ of one type: the value, and perhaps a format of it. */
function conversion(target: Target, tries: boolean): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 2],
    translate: ({ arguments: [value, format] }, context) => {
      if (value === undefined) throw new Error('Arity is checked before')
      const type = typeof target === 'function' ? target(context) : target
      return convert(value, type, { context, tries, ...(format === undefined ? {} : { format: format.sql }) })
    },
  }
}

/** `TO_NUMBER(value [, format] [, precision [, scale]])`. */
function numeric(tries: boolean): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 4],
    translate: ({ arguments: [value, ...rest] }, context) => {
      if (value === undefined) throw new Error('Arity is checked before')
      const [format] = rest[0]?.type.name === 'TEXT' ? rest : []
      const [precision, scale] = rest.filter((item) => item !== format).map((item) => Number(item.literal))
      const type = number(precision ?? precisionMax, scale ?? 0)
      return convert(value, type, { context, tries, ...(format === undefined ? {} : { format: format.sql }) })
    },
  }
}

function timestampMapping(context: FunctionContext): SqlType {
  const name = context.parameter('TIMESTAMP_TYPE_MAPPING')
  return timestamp(name === 'TIMESTAMP_LTZ' || name === 'TIMESTAMP_TZ' ? name : 'TIMESTAMP_NTZ')
}

const named = (name: TimestampName): SqlType => timestamp(name)

function one(type: SqlType, write: (value: TypedSql, context: FunctionContext) => string): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 2],
    translate: ({ arguments: [value] }, context) => {
      if (value === undefined) throw new Error('Arity is checked before')
      return { sql: write(value, context), type }
    },
  }
}

/** A text or number becomes an array of one; DuckDB's JSON has no place for SQL's NULL in it. */
const toArray = one(array, (value, context) =>
  value.type.name === 'ARRAY' ? value.sql : `CAST(sf_to_array(${jsonText(value, { context })}) AS JSON)`,
)

const toJson = one(text(), (value, context) => jsonText(value, { context }))

const targets: Readonly<Record<string, Target>> = {
  BOOLEAN: boolean,
  DATE: date,
  TIME: time(),
  TIMESTAMP: timestampMapping,
  TIMESTAMP_NTZ: named('TIMESTAMP_NTZ'),
  TIMESTAMP_LTZ: named('TIMESTAMP_LTZ'),
  TIMESTAMP_TZ: named('TIMESTAMP_TZ'),
  DOUBLE: float,
  BINARY: binary(),
}

const numbers = ['NUMBER', 'NUMERIC', 'DECIMAL']
const texts = ['TO_VARCHAR', 'TO_CHAR']

export const conversionFunctions: RuleTable = {
  ...Object.fromEntries(
    Object.entries(targets).flatMap(([name, target]) => [
      [`TO_${name}`, conversion(target, false)],
      [`TRY_TO_${name}`, conversion(target, true)],
    ]),
  ),
  ...Object.fromEntries(
    numbers.flatMap((name) => [
      [`TO_${name}`, numeric(false)],
      [`TRY_TO_${name}`, numeric(true)],
    ]),
  ),
  ...Object.fromEntries(texts.map((name) => [name, conversion(text(), false)])),
  DATE: conversion(date, false),
  TIME: conversion(time(), false),
  TO_VARIANT: one(variant, (value, context) =>
    isSemiStructured(value.type) ? value.sql : convert(value, variant, { context }).sql,
  ),
  TO_OBJECT: conversion(object, false),
  TO_ARRAY: toArray,
  TO_JSON: toJson,
}
