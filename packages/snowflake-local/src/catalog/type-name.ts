import { compilationError } from '../engine/sql-error.ts'
import type { TypeName } from '../parse/ast-expression.ts'
import { array, binary, boolean, date, float, number, object, text, time, timestamp, variant } from './sql-type.ts'
import type { SqlType, TimestampName } from './sql-type.ts'

type Rule = (numbers: readonly number[]) => SqlType

const ofNumber: Rule = ([precision, scale]) => number(precision, scale)
const ofText: Rule = ([length]) => text(length)
const ofBinary: Rule = ([length]) => binary(length)
const wholeNumber: Rule = () => number()
const ofFloat: Rule = () => float
const ofTimestamp =
  (name: TimestampName): Rule =>
  ([scale]) =>
    timestamp(name, scale)

const rules: Readonly<Record<string, Rule>> = {
  NUMBER: ofNumber,
  NUMERIC: ofNumber,
  DECIMAL: ofNumber,
  DEC: ofNumber,
  FIXED: ofNumber,
  INT: wholeNumber,
  INTEGER: wholeNumber,
  BIGINT: wholeNumber,
  SMALLINT: wholeNumber,
  TINYINT: wholeNumber,
  BYTEINT: wholeNumber,
  FLOAT: ofFloat,
  FLOAT4: ofFloat,
  FLOAT8: ofFloat,
  DOUBLE: ofFloat,
  REAL: ofFloat,
  VARCHAR: ofText,
  TEXT: ofText,
  STRING: ofText,
  NVARCHAR: ofText,
  NVARCHAR2: ofText,
  // A CHAR without a length has one character.
  CHAR: ([length]) => text(length ?? 1),
  CHARACTER: ([length]) => text(length ?? 1),
  NCHAR: ([length]) => text(length ?? 1),
  BINARY: ofBinary,
  VARBINARY: ofBinary,
  BOOLEAN: () => boolean,
  DATE: () => date,
  TIME: ([scale]) => time(scale),
  DATETIME: ofTimestamp('TIMESTAMP_NTZ'),
  TIMESTAMP_NTZ: ofTimestamp('TIMESTAMP_NTZ'),
  TIMESTAMPNTZ: ofTimestamp('TIMESTAMP_NTZ'),
  TIMESTAMP_LTZ: ofTimestamp('TIMESTAMP_LTZ'),
  TIMESTAMPLTZ: ofTimestamp('TIMESTAMP_LTZ'),
  TIMESTAMP_TZ: ofTimestamp('TIMESTAMP_TZ'),
  TIMESTAMPTZ: ofTimestamp('TIMESTAMP_TZ'),
  VARIANT: () => variant,
  OBJECT: () => object,
  ARRAY: () => array,
}

const timestampNames: readonly TimestampName[] = ['TIMESTAMP_NTZ', 'TIMESTAMP_LTZ', 'TIMESTAMP_TZ']

/** The type that a name means; a bare TIMESTAMP means what the parameter TIMESTAMP_TYPE_MAPPING says. */
export function resolveType({ word, arguments: numbers }: TypeName, timestampMapping = 'TIMESTAMP_NTZ'): SqlType {
  if (word === 'TIMESTAMP') {
    return timestamp(timestampNames.find((name) => name === timestampMapping) ?? 'TIMESTAMP_NTZ', numbers[0])
  }
  // CHARACTER VARYING and CHAR VARYING with a length come here as the first word.
  const type = Object.hasOwn(rules, word) ? rules[word]?.(numbers) : undefined
  if (type === undefined) throw compilationError('002040', '42601', `Unsupported data type '${word}'.`)
  checkSize(type)
  return type
}

function checkSize(type: SqlType): void {
  if (
    type.name === 'NUMBER' &&
    (type.precision > 38 || type.precision < 1 || type.scale > 37 || type.scale > type.precision)
  ) {
    throw compilationError('002017', '42601', `Invalid data type [NUMBER(${type.precision},${type.scale})].`)
  }
  if (type.name === 'TEXT' && (type.length < 1 || type.length > 134_217_728)) {
    throw compilationError('002017', '42601', `Invalid length for VARCHAR: ${type.length}.`)
  }
}
