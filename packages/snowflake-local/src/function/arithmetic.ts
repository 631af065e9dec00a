import { compilationError } from '../engine/sql-error.ts'
import { date, float, formatType, integer, isTimestamp, number, precisionMax, timestamp } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { convert } from './conversion.ts'
import type { FunctionContext, TypedSql } from './function-rule.ts'

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

type NumberType = Extract<SqlType, { readonly name: 'NUMBER' }>

/** A product or quotient has no more digits behind its point than this, unless an operand has. */
const scaleLimit = 12
const divisionDigits = 6

/** `left operator right` with Snowflake's precision and scale; dates may have days added and be subtracted. */
export function arithmetic(
  operator: ArithmeticOperator,
  left: TypedSql,
  right: TypedSql,
  context: FunctionContext,
): TypedSql {
  const dated = dateArithmetic(operator, left, right)
  if (dated !== undefined) return dated
  const operands = [asNumber(left, context), asNumber(right, context)] as const
  const [first, second] = operands
  if (first.type.name !== 'NUMBER' || second.type.name !== 'NUMBER') return floating(operator, first, second, context)
  return decimal(operator, { sql: first.sql, type: first.type }, { sql: second.sql, type: second.type })
}

interface Operand {
  readonly sql: string
  readonly type: NumberType
}

/** An operand of arithmetic: a NUMBER or a FLOAT. */
export function asNumber(value: TypedSql, context: FunctionContext): TypedSql {
  switch (value.type.name) {
    case 'NUMBER':
    case 'FLOAT':
      return value
    case 'TEXT':
      return convert(value, textNumber(value), { context })
    case 'NULL':
    case 'BOOLEAN':
      return convert(value, integer, { context })
    case 'VARIANT':
      return convert(value, float, { context })
    default:
      throw compilationError('001044', '42P13', `Invalid argument types for function: (${formatType(value.type)})`)
  }
}

/** A literal has the digits that it shows; of other texts five behind the point are kept. */
function textNumber({ literal }: TypedSql): SqlType {
  const fraction = literal === undefined ? undefined : /^\s*[-+]?\d*(?:\.(\d*))?\s*$/u.exec(literal)
  return fraction === undefined || fraction === null
    ? number(precisionMax, 5)
    : number(precisionMax, fraction[1]?.length ?? 0)
}

function floating(operator: ArithmeticOperator, left: TypedSql, right: TypedSql, context: FunctionContext): TypedSql {
  const [first, second] = [convert(left, float, { context }).sql, convert(right, float, { context }).sql]
  if (operator === '/' || operator === '%') {
    const divided = operator === '/' ? `${first} / ${divisor(second)}` : `fmod(${first}, ${divisor(second)})`
    return { sql: `(${divided})`, type: float }
  }
  return { sql: `(${first} ${operator} ${second})`, type: float }
}

function decimal(operator: ArithmeticOperator, left: Operand, right: Operand): TypedSql {
  const type = resultType(operator, left.type, right.type)
  switch (operator) {
    case '+':
    case '-':
      return { sql: `(${widen(left, type)} ${operator} ${widen(right, type)})`, type }
    case '*':
      return { sql: product(left, right, type), type }
    case '/':
      return {
        sql: `CAST(sf_divide(CAST(${left.sql} AS VARCHAR), CAST(${right.sql} AS VARCHAR), ${type.scale}) AS DECIMAL(${type.precision},${type.scale}))`,
        type,
      }
    case '%':
      return { sql: `(${widen(left, type)} % ${divisor(widen(right, type))})`, type }
    default:
      throw new Error('No other operator')
  }
}

/** DuckDB gives NULL, where Snowflake fails. */
export function divisor(sql: string): string {
  return `CASE WHEN ${sql} = 0 THEN error('SF100051:22012:Division by zero') ELSE ${sql} END`
}

function widen({ sql }: Operand, { scale }: NumberType): string {
  return `CAST(${sql} AS DECIMAL(${precisionMax},${scale}))`
}

function product(left: Operand, right: Operand, type: NumberType): string {
  const scale = left.type.scale + right.type.scale
  if (scale === type.scale) {
    return `(CAST(${left.sql} AS DECIMAL(${precisionMax},${left.type.scale})) * CAST(${right.sql} AS DECIMAL(${precisionMax},${right.type.scale})))`
  }
  return `CAST(sf_multiply(CAST(${left.sql} AS VARCHAR), CAST(${right.sql} AS VARCHAR), ${type.scale}) AS DECIMAL(${precisionMax},${type.scale}))`
}

/** As "Arithmetic operators" of the documentation has it: digits before the point, and behind it. */
function resultType(operator: ArithmeticOperator, left: NumberType, right: NumberType): NumberType {
  const leading = [left.precision - left.scale, right.precision - right.scale] as const
  const [first, second] = [left.scale, right.scale] as const
  switch (operator) {
    case '*': {
      const scale = Math.min(first + second, Math.max(first, second, scaleLimit))
      return numberType(leading[0] + leading[1], scale)
    }
    case '/': {
      const scale = Math.max(first, Math.min(first + divisionDigits, scaleLimit))
      return numberType(leading[0] + second, scale)
    }
    case '%':
      return numberType(Math.max(...leading), Math.max(first, second))
    default:
      return numberType(Math.max(...leading) + 1, Math.max(first, second))
  }
}

function numberType(leading: number, scale: number): NumberType {
  return { name: 'NUMBER', precision: Math.min(precisionMax, Math.max(leading + scale, 1)), scale }
}

function dateArithmetic(operator: ArithmeticOperator, left: TypedSql, right: TypedSql): TypedSql | undefined {
  if (operator === '-' && left.type.name === 'DATE' && right.type.name === 'DATE') {
    return { sql: `(${left.sql} - ${right.sql})`, type: integer }
  }
  const days = (value: TypedSql): string => `CAST(${value.sql} AS INTEGER)`
  if (left.type.name === 'DATE' && right.type.name === 'NUMBER' && (operator === '+' || operator === '-')) {
    return { sql: `(${left.sql} ${operator} ${days(right)})`, type: date }
  }
  if (left.type.name === 'NUMBER' && right.type.name === 'DATE' && operator === '+') {
    return { sql: `(${right.sql} + ${days(left)})`, type: date }
  }
  return undefined
}

const units: Readonly<Record<string, string>> = {
  y: 'year',
  yr: 'year',
  yy: 'year',
  q: 'quarter',
  qtr: 'quarter',
  mm: 'month',
  mon: 'month',
  w: 'week',
  d: 'day',
  dd: 'day',
  h: 'hour',
  hh: 'hour',
  hr: 'hour',
  hrs: 'hour',
  m: 'minute',
  mi: 'minute',
  min: 'minute',
  mins: 'minute',
  s: 'second',
  sec: 'second',
  secs: 'second',
  ms: 'millisecond',
  msec: 'millisecond',
  us: 'microsecond',
  usec: 'microsecond',
}

/** `value ± INTERVAL '1 year, 3 months'`: the amounts are added one after the other, in the order written. */
export function addInterval(value: TypedSql, interval: string, operator: '+' | '-'): TypedSql {
  const amounts = interval.split(',').map((part) => {
    const [, amount = '1', unit = 'second'] = /^\s*([-+]?\d+)?\s*([a-z]*)\s*$/iu.exec(part) ?? []
    const word = unit === '' ? 'second' : unit.toLowerCase()
    const known = units[word] ?? units[word.replace(/s$/u, '')] ?? word.replace(/s$/u, '')
    return { amount, known }
  })
  const smallest = amounts.some(({ known }) => /hour|minute|second/u.test(known))
  const isWide = value.type.name === 'DATE' && smallest
  const type = isWide ? timestamp('TIMESTAMP_NTZ') : value.type
  const add = (sql: string): string =>
    amounts.reduce((sum, { amount, known }) => `(${sum} ${operator} INTERVAL (${amount}) ${known})`, sql)
  if (type.name === 'TIMESTAMP_TZ') {
    const struct = 'STRUCT(utc TIMESTAMP, tz SMALLINT)'
    return { sql: `CAST({utc: ${add(`(${value.sql}).utc`)}, tz: (${value.sql}).tz} AS ${struct})`, type }
  }
  const sum = add(isWide ? `CAST(${value.sql} AS TIMESTAMP)` : value.sql)
  if (type.name === 'DATE') return { sql: `CAST(${sum} AS DATE)`, type }
  if (isTimestamp(type) || type.name === 'TIME') return { sql: sum, type }
  throw compilationError(
    '001044',
    '42P13',
    `Invalid argument types for function '${operator}': (${formatType(type)}, INTERVAL)`,
  )
}
