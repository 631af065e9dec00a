import { float, integer, number, precisionMax } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { arithmetic } from '../translate/arithmetic.ts'
import { asNumber } from './as-number.ts'
import type { FunctionRule, TypedSql } from './function-rule.ts'
import { same, scalar } from './scalar-rule.ts'
import type { Result, RuleTable } from './scalar-rule.ts'

function isFloat(value: TypedSql | undefined): boolean {
  return value?.type.name === 'FLOAT' || value?.type.name === 'VARIANT'
}

function isFractional(value: TypedSql | undefined): boolean {
  return isFloat(value) || (value?.type.name === 'NUMBER' && value.type.scale > 0)
}

/** Whole numbers between two whole numbers, whose own digits say nothing of those in between. */
const uniformType: Result = ([low, high]) => (isFractional(low) || isFractional(high) ? float : integer)

const numberOfFirst: Result = (values, context) => {
  const [first] = values
  return first === undefined ? integer : asNumber(first, context).type
}

type Mode = 'HALF_AWAY_FROM_ZERO' | 'DOWN' | 'FLOOR' | 'CEIL'

const floatFunctions: Readonly<Record<Mode, string>> = {
  HALF_AWAY_FROM_ZERO: 'round',
  DOWN: 'trunc',
  FLOOR: 'floor',
  CEIL: 'ceil',
}

/** Digits behind the point that are left: those asked for, when that is known before the rows are. */
function roundedType(type: SqlType, places: TypedSql | undefined): SqlType {
  if (type.name !== 'NUMBER') return float
  const asked = places === undefined ? 0 : Number(places.literal ?? NaN)
  if (!Number.isInteger(asked)) return number(precisionMax, type.scale)
  const scale = Math.min(Math.max(asked, 0), type.scale)
  return number(Math.min(precisionMax, type.precision - type.scale + scale + 1), scale)
}

function roundFloat(sql: string, places: string, mode: Mode): string {
  const power = `power(10::DOUBLE, ${places})`
  if (mode === 'HALF_AWAY_FROM_ZERO') return `round(${sql}, CAST(${places} AS INTEGER))`
  return `(${floatFunctions[mode]}(${sql} * ${power}) / ${power})`
}

function rounding(mode: Mode): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 3],
    translate: (call, context) => {
      const [given, places, named] = call.arguments
      if (given === undefined) throw new Error('Arity is checked before')
      const value = asNumber(given, context)
      const digits = places === undefined ? '0' : `CAST(${places.sql} AS BIGINT)`
      const type = roundedType(value.type, places)
      if (type.name !== 'NUMBER') return { sql: roundFloat(value.sql, digits, mode), type: float }
      const how = named === undefined ? `'${mode}'` : named.sql
      const sql = `CAST(sf_round(CAST(${value.sql} AS VARCHAR), ${digits}, ${how}) AS DECIMAL(${precisionMax},${type.scale}))`
      return { sql, type }
    },
  }
}

function divideOr(replacement: string, nullsToo: boolean): FunctionRule {
  return {
    kind: 'scalar',
    arity: [2, 2],
    translate: (call, context) => {
      const [left, right] = call.arguments
      if (left === undefined || right === undefined) throw new Error('Arity is checked before')
      const denominator = asNumber(right, context)
      const guarded = {
        sql: `CASE WHEN ${denominator.sql} = 0 THEN NULL ELSE ${denominator.sql} END`,
        type: denominator.type,
      }
      const quotient = arithmetic('/', asNumber(left, context), guarded)
      const isZero = nullsToo ? `coalesce(${denominator.sql}, 0) = 0` : `${denominator.sql} = 0`
      const type = quotient.type
      const none =
        type.name === 'NUMBER' ? `CAST(${replacement} AS DECIMAL(${precisionMax},${type.scale}))` : replacement
      const sql = `CASE WHEN ${isZero} THEN CASE WHEN ${left.sql} IS NULL THEN NULL ELSE ${none} END ELSE ${quotient.sql} END`
      return { sql: `(${sql})`, type }
    },
  }
}

const modulo: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  translate: ({ arguments: [left, right] }, context) => {
    if (left === undefined || right === undefined) throw new Error('Arity is checked before')
    return arithmetic('%', asNumber(left, context), asNumber(right, context))
  },
}

const floating = (name: string): FunctionRule => same('float', float, name)

const earthRadiusKm = 6371

export const numericFunctions: RuleTable = {
  ABS: scalar('num', numberOfFirst, ([x]) => `abs(${x})`),
  SIGN: scalar('num', number(1, 0), ([x]) => `CAST(sign(${x}) AS INTEGER)`),
  NEGATE: scalar('num', numberOfFirst, ([x]) => `(-${x})`),
  ROUND: rounding('HALF_AWAY_FROM_ZERO'),
  TRUNCATE_NUMBER: rounding('DOWN'),
  FLOOR: rounding('FLOOR'),
  CEIL: rounding('CEIL'),
  CEILING: rounding('CEIL'),
  MOD: modulo,
  DIV0: divideOr('0', false),
  DIV0NULL: divideOr('0', true),
  SQRT: scalar(
    'float',
    float,
    ([x]) =>
      `sqrt(CASE WHEN ${x} < 0 THEN error('SF100052:22023:Invalid floating point operation: sqrt') ELSE ${x} END)`,
  ),
  CBRT: floating('cbrt'),
  EXP: floating('exp'),
  LN: scalar(
    'float',
    float,
    ([x]) => `ln(CASE WHEN ${x} <= 0 THEN error('SF100052:22023:Invalid floating point operation: ln') ELSE ${x} END)`,
  ),
  LOG: scalar('float float', float, ([base, x]) => `(ln(${x}) / ln(${base}))`),
  POWER: same('float float', float, 'power'),
  POW: same('float float', float, 'power'),
  SQUARE: scalar('float', float, ([x]) => `(${x} * ${x})`),
  FACTORIAL: scalar('int', number(precisionMax, 0), ([x]) => `CAST(factorial(CAST(${x} AS INTEGER)) AS DECIMAL(38,0))`),
  PI: same('', float, 'pi'),
  DEGREES: floating('degrees'),
  RADIANS: floating('radians'),
  SIN: floating('sin'),
  COS: floating('cos'),
  TAN: floating('tan'),
  COT: floating('cot'),
  ASIN: floating('asin'),
  ACOS: floating('acos'),
  ATAN: floating('atan'),
  ATAN2: same('float float', float, 'atan2'),
  SINH: floating('sinh'),
  COSH: floating('cosh'),
  TANH: floating('tanh'),
  ASINH: floating('asinh'),
  ACOSH: floating('acosh'),
  ATANH: floating('atanh'),
  HAVERSINE: scalar(
    'float float float float',
    float,
    ([a, b, c, d]) =>
      `(2 * ${earthRadiusKm} * asin(sqrt(power(sin(radians(${c} - ${a}) / 2), 2) + cos(radians(${a})) * cos(radians(${c})) * power(sin(radians(${d} - ${b}) / 2), 2))))`,
  ),
  WIDTH_BUCKET: scalar(
    'float float float int',
    integer,
    ([x, low, high, count]) =>
      `CASE WHEN ${x} < ${low} THEN 0 WHEN ${x} >= ${high} THEN ${count} + 1 ELSE CAST(floor((${x} - ${low}) / ((${high} - ${low}) / ${count})) AS BIGINT) + 1 END`,
  ),
  ZEROIFNULL: scalar('num', numberOfFirst, ([x]) => `coalesce(${x}, 0)`),
  NULLIFZERO: scalar('num', numberOfFirst, ([x]) => `nullif(${x}, 0)`),
  BITAND: scalar('int int', integer, ([x, y]) => `(${x} & ${y})`),
  BITOR: scalar('int int', integer, ([x, y]) => `(${x} | ${y})`),
  BITXOR: same('int int', integer, 'xor'),
  BITNOT: scalar('int', integer, ([x]) => `(~${x})`),
  BITSHIFTLEFT: scalar(
    'int int',
    integer,
    ([x, n]) => `CAST(CAST(${x} AS HUGEINT) * CAST(power(2, ${n}) AS HUGEINT) AS BIGINT)`,
  ),
  BITSHIFTRIGHT: scalar('int int', integer, ([x, n]) => `(${x} >> CAST(${n} AS INTEGER))`),
  GETBIT: scalar('int int', integer, ([x, n]) => `((${x} >> CAST(${n} AS INTEGER)) & 1)`),
  BIT_COUNT: same('int', integer, 'bit_count'),
  RANDOM: scalar('int?', integer, () => 'CAST(floor((random() - 0.5) * 18446744073709549568) AS BIGINT)'),
  UNIFORM: scalar('any any any?', uniformType, ([low, high], { arguments: [first, second] }) =>
    isFractional(first) || isFractional(second)
      ? `(${low} + random() * (${high} - ${low}))`
      : `CAST(${low} + floor(random() * (${high} - ${low} + 1)) AS BIGINT)`,
  ),
  NORMAL: scalar(
    'float float any',
    float,
    ([mean, deviation]) => `(${mean} + ${deviation} * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))`,
  ),
  ...Object.fromEntries(
    ['SEQ1', 'SEQ2', 'SEQ4', 'SEQ8'].map((name) => [
      name,
      scalar('int?', number(19, 0), () => '(row_number() OVER () - 1)'),
    ]),
  ),
}
