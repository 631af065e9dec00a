import { compilationError } from '../engine/sql-error.ts'
import {
  binary,
  date,
  float,
  formatType,
  isSemiStructured,
  isTimestamp,
  number,
  precisionMax,
  text,
} from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import { castSql, wideNumber } from './cast.ts'
import { raise } from './sql-text.ts'

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'
type NumberType = SqlType & { readonly name: 'NUMBER' }

/** Sums, products and quotients with the precision and scale that Snowflake gives them. */
export function arithmetic(operator: ArithmeticOperator, left: TypedSql, right: TypedSql): TypedSql {
  const ofTime = dateArithmetic(operator, left, right)
  if (ofTime !== undefined) return ofTime
  const one = asNumber(left, right)
  const other = asNumber(right, left)
  if (one.type.name === 'FLOAT' || other.type.name === 'FLOAT') return ofFloats(operator, one, other)
  return ofNumbers[operator](one as NumberSql, other as NumberSql)
}

interface NumberSql extends TypedSql {
  readonly type: NumberType
}

/** Texts and JSON take part as numbers. */
function asNumber(value: TypedSql, partner: TypedSql): TypedSql {
  const { type } = value
  if (type.name === 'NUMBER' || type.name === 'FLOAT') return value
  if (type.name === 'NULL') return { sql: 'CAST(NULL AS DECIMAL(38,0))', type: number() }
  if (type.name === 'TEXT' || isSemiStructured(type)) {
    const to = partner.type.name === 'NUMBER' ? number(precisionMax, Math.max(partner.type.scale, 5)) : float
    return { sql: castSql(value, to), type: to }
  }
  throw compilationError(
    '001044',
    '42P13',
    `Invalid argument types for function: (${formatType(type)}, ${formatType(partner.type)})`,
  )
}

function ofFloats(operator: ArithmeticOperator, left: TypedSql, right: TypedSql): TypedSql {
  const [one, other] = [castSql(left, float), castSql(right, float)]
  if (operator !== '/' && operator !== '%') return { sql: `(${one} ${operator} ${other})`, type: float }
  return { sql: `(${one} ${operator} ${nonZero(other)})`, type: float }
}

function nonZero(sql: string): string {
  return `CASE WHEN ${sql} = 0 THEN ${raise('100051', '22012', "'Division by zero'")} ELSE ${sql} END`
}

const ofNumbers: Readonly<Record<ArithmeticOperator, (left: NumberSql, right: NumberSql) => TypedSql>> = {
  '+': (left, right) => sum('+', left, right),
  '-': (left, right) => sum('-', left, right),
  '*': product,
  '/': quotient,
  '%': (left, right) => {
    const scale = Math.max(left.type.scale, right.type.scale)
    const divisor = nonZero(wideNumber(right, right.type.scale))
    return { sql: `(${wideNumber(left, left.type.scale)} % ${divisor})`, type: number(precisionMax, scale) }
  },
}

function leading({ precision, scale }: NumberType): number {
  return precision - scale
}

function sum(operator: '+' | '-', left: NumberSql, right: NumberSql): TypedSql {
  const scale = Math.max(left.type.scale, right.type.scale)
  const precision = Math.min(precisionMax, Math.max(leading(left.type), leading(right.type)) + 1 + scale)
  const [one, other] = [wideNumber(left, left.type.scale), wideNumber(right, right.type.scale)]
  return { sql: `(${one} ${operator} ${other})`, type: number(precision, scale) }
}

/** More digits than this are cut off behind the point of a product, unless an operand has more. */
const productScaleMax = 12

function product(left: NumberSql, right: NumberSql): TypedSql {
  const full = left.type.scale + right.type.scale
  const scale = Math.min(full, Math.max(left.type.scale, right.type.scale, productScaleMax))
  const precision = Math.min(precisionMax, leading(left.type) + leading(right.type) + scale)
  if (full > precisionMax) {
    return {
      sql: `CAST(${castSql(left, float)} * ${castSql(right, float)} AS DECIMAL(38,${scale}))`,
      type: number(precision, scale),
    }
  }
  const sql = `(${wideNumber(left, left.type.scale)} * ${wideNumber(right, right.type.scale)})`
  return { sql: full === scale ? sql : `CAST(${sql} AS DECIMAL(38,${scale}))`, type: number(precision, scale) }
}

/** A quotient has six digits more behind the point than its dividend, up to twelve. */
const quotientScaleMore = 6
const quotientScaleMax = 12

function quotient(left: NumberSql, right: NumberSql): TypedSql {
  const scale = Math.max(left.type.scale, Math.min(left.type.scale + quotientScaleMore, quotientScaleMax))
  const precision = Math.min(precisionMax, leading(left.type) + right.type.scale + scale)
  const [one, other] = [wideNumber(left, left.type.scale), wideNumber(right, right.type.scale)]
  return {
    sql: `CAST(${divideSql(one, other, { dividend: left.type.scale, divisor: right.type.scale, scale })} AS DECIMAL(38,${scale}))`,
    type: number(precision, scale),
  }
}

/** Exact in whole numbers of 128 bits as long as they hold; else as doubles, which keep 15 digits. */
function divideSql(
  dividend: string,
  divisor: string,
  scales: { readonly dividend: number; readonly divisor: number; readonly scale: number },
): string {
  const dividendDigits = precisionMax - 1 - Math.max(2 * scales.dividend, scales.scale + scales.divisor)
  const divisorDigits = precisionMax - 1 - 2 * scales.divisor
  if (dividendDigits < 1 || divisorDigits < 1)
    return `(CAST(${dividend} AS DOUBLE) / ${nonZero(`CAST(${divisor} AS DOUBLE)`)})`
  const shift = scales.scale + scales.divisor - scales.dividend
  return `divide_exactly(${dividend}, ${nonZero(divisor)}, ${power(scales.dividend)}, ${power(scales.divisor)}, ${power(shift)}, ${power(dividendDigits)}, ${power(divisorDigits)}, ${unit(scales.scale)})`
}

function power(exponent: number): string {
  return `CAST('1${'0'.repeat(exponent)}' AS DECIMAL(38,0))`
}

/** The smallest step of a scale, `0.000001`: a decimal times it stays exact where DuckDB's `/` would make a double. */
function unit(scale: number): string {
  return scale === 0 ? "CAST('1' AS DECIMAL(38,0))" : `CAST('0.${'0'.repeat(scale - 1)}1' AS DECIMAL(38,${scale}))`
}

/** `divide_exactly` evaluates its operands once: macros repeat theirs, and quotients of quotients would grow without end. */
export const arithmeticMacros: readonly string[] = [
  `CREATE OR REPLACE MACRO round_quotient(n, d) AS (sign(n) * sign(d) * ((2 * abs(n) + abs(d)) // (2 * abs(d))))`,
  `CREATE OR REPLACE MACRO divide_exactly(a, b, a_unit, b_unit, shift, a_max, b_max, step) AS list_transform([{a: a, b: b}], lambda v: CASE WHEN v.a IS NULL OR v.b IS NULL THEN NULL WHEN abs(v.a) < a_max AND abs(v.b) < b_max THEN CAST(round_quotient(CAST(v.a * a_unit AS HUGEINT) * CAST(shift AS HUGEINT), CAST(v.b * b_unit AS HUGEINT)) AS DECIMAL(38,0)) * step ELSE CAST(round(CAST(v.a AS DOUBLE) / CAST(v.b AS DOUBLE) / CAST(step AS DOUBLE)) AS DECIMAL(38,0)) * step END)[1]`,
]

/** Days are added to dates; intervals to dates and times; dates have a distance. */
function dateArithmetic(operator: ArithmeticOperator, left: TypedSql, right: TypedSql): TypedSql | undefined {
  if (operator !== '+' && operator !== '-') return undefined
  if (right.literal === 'INTERVAL' && (left.type.name === date.name || isTimestamp(left.type))) {
    return withInterval(operator, left, right.sql)
  }
  if (left.type.name !== date.name) {
    return right.type.name === date.name && left.type.name === 'NUMBER' && operator === '+'
      ? dateArithmetic(operator, right, left)
      : undefined
  }
  if (right.type.name === date.name) return { sql: `date_diff('day', ${right.sql}, ${left.sql})`, type: number(9, 0) }
  if (right.type.name !== 'NUMBER') return undefined
  return { sql: `CAST(${left.sql} ${operator} CAST(${right.sql} AS INTEGER) AS DATE)`, type: date }
}

function withInterval(operator: '+' | '-', value: TypedSql, interval: string): TypedSql {
  if (value.type.name === date.name) {
    // Whole days leave a date a date; hours make it a timestamp.
    const ofDays = !/HOUR|MINUTE|SECOND|to_seconds/iu.test(interval)
    const sql = `(${value.sql} ${operator} ${interval})`
    return ofDays ? { sql: `CAST(${sql} AS DATE)`, type: date } : { sql, type: { name: 'TIMESTAMP_NTZ', scale: 9 } }
  }
  if (value.type.name !== 'TIMESTAMP_TZ') return { sql: `(${value.sql} ${operator} ${interval})`, type: value.type }
  return { sql: `cast_offset_tz((${value.sql}).utc ${operator} ${interval}, (${value.sql}).tz)`, type: value.type }
}

export function concatenate(left: TypedSql, right: TypedSql): TypedSql {
  if (left.type.name === 'BINARY' && right.type.name === 'BINARY') {
    return { sql: `(${left.sql} || ${right.sql})`, type: binary() }
  }
  const length = [left, right].reduce(
    (total, { type }) => total + (type.name === 'TEXT' ? type.length : 134_217_728),
    0,
  )
  return {
    sql: `(${castSql(left, text())} || ${castSql(right, text())})`,
    type: text(length > 134_217_728 ? undefined : length),
  }
}
