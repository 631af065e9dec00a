import { boolean } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { commonTypeOf } from '../translate/common-type.ts'
import { convert } from './conversion.ts'
import type { FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'
import { scalar } from './scalar-rule.ts'
import type { RuleTable } from './scalar-rule.ts'

const argumentsMax = 1000

type Choose = (values: readonly string[], type: SqlType) => string

function alike(values: readonly TypedSql[], context: FunctionContext): readonly [readonly string[], SqlType] {
  const type = commonTypeOf(values.map((value) => value.type))
  return [values.map((value) => convert(value, type, { context }).sql), type]
}

/** All arguments made one type, which the result has. */
function common(arity: readonly [number, number], choose: Choose): FunctionRule {
  return {
    kind: 'scalar',
    arity,
    translate: (call, context) => {
      const [sql, type] = alike(call.arguments, context)
      return { sql: choose(sql, type), type }
    },
  }
}

/** NULLs are equal here. */
function same(left: TypedSql, right: TypedSql, context: FunctionContext): string {
  const [[first = 'NULL', second = 'NULL']] = alike([left, right], context)
  return `(${first} IS NOT DISTINCT FROM ${second})`
}

const decode: FunctionRule = {
  kind: 'scalar',
  arity: [3, argumentsMax],
  translate: (call, context) => {
    const [value, ...rest] = call.arguments
    if (value === undefined) throw new Error('Arity is checked before')
    const pairs = Math.floor(rest.length / 2)
    const [sql, type] = alike(
      rest.filter((_, index) => index % 2 === 1 || index === rest.length - 1),
      context,
    )
    const whens = Array.from({ length: pairs }, (_, index) => {
      const searched = rest[index * 2]
      return searched === undefined ? '' : `WHEN ${same(value, searched, context)} THEN ${sql[index]}`
    })
    const otherwise = rest.length % 2 === 1 ? sql.at(-1) : 'NULL'
    return { sql: `(CASE ${whens.join(' ')} ELSE ${otherwise} END)`, type }
  },
}

const iff: FunctionRule = {
  kind: 'scalar',
  arity: [3, 3],
  translate: (call, context) => {
    const [condition, ...branches] = call.arguments
    if (condition === undefined) throw new Error('Arity is checked before')
    const [[then, otherwise], type] = alike(branches, context)
    const test = convert(condition, boolean, { context }).sql
    return { sql: `(CASE WHEN ${test} THEN ${then} ELSE ${otherwise} END)`, type }
  },
}

const nvl2: FunctionRule = {
  kind: 'scalar',
  arity: [3, 3],
  translate: (call, context) => {
    const [value, ...branches] = call.arguments
    const [[then, otherwise], type] = alike(branches, context)
    return { sql: `(CASE WHEN ${value?.sql} IS NOT NULL THEN ${then} ELSE ${otherwise} END)`, type }
  },
}

const equalNull: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  translate: ({ arguments: [left, right] }, context) => {
    if (left === undefined || right === undefined) throw new Error('Arity is checked before')
    return { sql: same(left, right, context), type: boolean }
  },
}

const nullIf: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  translate: ({ arguments: [left, right] }, context) => {
    if (left === undefined || right === undefined) throw new Error('Arity is checked before')
    const [[first, second]] = alike([left, right], context)
    return { sql: `(CASE WHEN ${first} = ${second} THEN NULL ELSE ${left.sql} END)`, type: left.type }
  },
}

const coalesce: Choose = (values) => `coalesce(${values.join(', ')})`

/** NULL as soon as one argument is; DuckDB passes NULLs over. */
function extreme(name: 'greatest' | 'least'): Choose {
  return (values) =>
    `(CASE WHEN ${values.map((sql) => `${sql} IS NULL`).join(' OR ')} THEN NULL ELSE ${name}(${values.join(', ')}) END)`
}

export const conditionalFunctions: RuleTable = {
  IFF: iff,
  NVL: common([2, 2], coalesce),
  IFNULL: common([2, 2], coalesce),
  COALESCE: common([2, argumentsMax], coalesce),
  NVL2: nvl2,
  NULLIF: nullIf,
  DECODE: decode,
  EQUAL_NULL: equalNull,
  GREATEST: common([1, argumentsMax], extreme('greatest')),
  LEAST: common([1, argumentsMax], extreme('least')),
  GREATEST_IGNORE_NULLS: common([1, argumentsMax], (values) => `greatest(${values.join(', ')})`),
  LEAST_IGNORE_NULLS: common([1, argumentsMax], (values) => `least(${values.join(', ')})`),
  BOOLAND: scalar('bool bool', boolean, ([x, y]) => `(${x} AND ${y})`),
  BOOLOR: scalar('bool bool', boolean, ([x, y]) => `(${x} OR ${y})`),
  BOOLXOR: scalar('bool bool', boolean, ([x, y]) => `(${x} <> ${y})`),
  BOOLNOT: scalar('bool', boolean, ([x]) => `(NOT ${x})`),
}
