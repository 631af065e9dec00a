import { compilationError, invalidIdentifier, unsupportedFeature } from '../engine/sql-error.ts'
import {
  array,
  boolean,
  integer,
  isSemiStructured,
  number,
  object,
  text,
  untyped,
  variant,
} from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { resolveType } from '../catalog/type-name.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Expression, PathStep } from '../parse/ast-expression.ts'
import { arithmetic, concatenate } from './arithmetic.ts'
import { castSql, castTo } from './cast.ts'
import { commonTypeOf } from './common-type.ts'
import { compareSql, comparableAs } from './comparison.ts'
import { findColumn, findRelation } from './scope.ts'
import type { Scope } from './scope.ts'
import { quoteText } from './sql-text.ts'
import { translateCall } from './translate-call.ts'
import type { Translator } from './translator.ts'

export function translateExpression(translator: Translator, expression: Expression, scope: Scope): TypedSql {
  const rule = rules[expression.kind] as Rule<Expression>
  return rule(translator, expression, scope)
}

type Rule<Node> = (translator: Translator, expression: Node, scope: Scope) => TypedSql
type Rules = { readonly [Kind in Expression['kind']]: Rule<Extract<Expression, { kind: Kind }>> }

const rules: Rules = {
  number: (_translator, { text: digits }) => numberLiteral(digits),
  string: (_translator, { value }) => ({
    sql: quoteText(value),
    type: text(Math.max(1, Array.from(value).length)),
    literal: value,
  }),
  boolean: (_translator, { value }) => ({ sql: value ? 'TRUE' : 'FALSE', type: boolean, literal: String(value) }),
  null: () => ({ sql: 'NULL', type: untyped }),
  default: () => {
    throw compilationError('001003', '42000', "syntax error: unexpected 'DEFAULT'.")
  },
  bind: ({ environment }, { index }) => environment.bind(index),
  variable: ({ environment }, { name }) => {
    const value = environment.context.variable(name)
    if (value === undefined) throw compilationError('000630', '02000', `Session variable '$${name}' does not exist`)
    return value
  },
  column: translateColumn,
  position: translatePosition,
  negate: (translator, { operand }, scope) => {
    const value = translator.expression(operand, scope)
    return arithmetic('-', { sql: '0', type: number(1, 0) }, value)
  },
  not: (translator, { operand }, scope) => ({ sql: `(NOT ${condition(translator, operand, scope)})`, type: boolean }),
  binary: translateBinary,
  is: translateIs,
  distinct: (translator, { left, right, negated }, scope) => {
    const [one, other] = comparableAs(translator.expression(left, scope), translator.expression(right, scope))
    return { sql: `(${one} IS ${negated ? 'NOT ' : ''}DISTINCT FROM ${other})`, type: boolean }
  },
  between: (translator, { operand, low, high, negated }, scope) => {
    const [value, from, to] = [operand, low, high].map((part) => translator.expression(part, scope)) as [
      TypedSql,
      TypedSql,
      TypedSql,
    ]
    const inside = `(${compareSql('>=', value, from)} AND ${compareSql('<=', value, to)})`
    return { sql: negated ? `(NOT ${inside})` : inside, type: boolean }
  },
  in: translateIn,
  inQuery: translateInQuery,
  compareQuery: (translator, { operand, operator, quantifier, query }, scope) => {
    const bound = translator.query(query, scope)
    const value = translator.expression(operand, scope)
    return { sql: `(${value.sql} ${operator} ${quantifier} (${bound.sql}))`, type: boolean }
  },
  like: translateLike,
  case: translateCase,
  cast: (translator, { operand, type, tries }, scope) => {
    const value = translator.expression(operand, scope)
    const to = resolveType(type, translator.environment.context.parameter('TIMESTAMP_TYPE_MAPPING'))
    return cutText(castTo(value, to, { tries }), value.type)
  },
  interval: (_translator, { text: interval }) => ({ sql: intervalSql(interval), type: text(), literal: 'INTERVAL' }),
  path: translatePath,
  call: translateCall,
  exists: (translator, { query }, scope) => ({ sql: `EXISTS (${translator.query(query, scope).sql})`, type: boolean }),
  subquery: (translator, { query }, scope) => {
    const bound = translator.query(query, scope)
    const [only] = bound.columns
    if (only === undefined || bound.columns.length > 1) {
      throw compilationError('002099', '42601', 'Single-column subquery expected.')
    }
    return { sql: `(${bound.sql})`, type: only.type }
  },
  tuple: (translator, { items }, scope) => ({
    sql: `(${items.map((item) => translator.expression(item, scope).sql).join(', ')})`,
    type: untyped,
  }),
  array: (translator, { items }, scope) => {
    const values = items.map((item) => castSql(translator.expression(item, scope), variant))
    return {
      sql: `CAST(to_json([${values.map((value) => `coalesce(${value}, 'null'::JSON)`).join(', ')}]) AS JSON)`,
      type: array,
    }
  },
  object: (translator, { entries }, scope) => {
    const pairs = entries.map(({ key, value }) => {
      const name = translator.expression(key, scope)
      return `${name.sql}, ${castSql(translator.expression(value, scope), variant)}`
    })
    return { sql: `CAST(json_object(${pairs.join(', ')}) AS JSON)`, type: object }
  },
  lambda: () => {
    throw unsupportedFeature('lambda outside of a higher-order function')
  },
}

/** `12` is NUMBER(2,0), `1.50` NUMBER(3,2); with an exponent it is a FLOAT. */
export function numberLiteral(digits: string): TypedSql {
  if (/e/iu.test(digits))
    return { sql: `CAST(${quoteText(digits)} AS DOUBLE)`, type: { name: 'FLOAT' }, literal: digits }
  const [whole = '', fraction = ''] = digits.replace(/^0+(?=\d)/u, '').split('.')
  const leading = whole === '' ? 0 : whole.length
  const precision = Math.max(1, leading + fraction.length)
  if (precision > 38) return { sql: `CAST(${quoteText(digits)} AS DOUBLE)`, type: { name: 'FLOAT' }, literal: digits }
  const sql =
    fraction === '' ? whole || '0' : `CAST('${whole}.${fraction}' AS DECIMAL(${precision},${fraction.length}))`
  return { sql, type: number(precision, fraction.length), literal: digits }
}

function translateColumn(
  translator: Translator,
  { name, quoted }: Extract<Expression, { kind: 'column' }>,
  scope: Scope,
): TypedSql {
  const { parts } = name
  const found = findColumn(scope, parts)
  if (found !== undefined) return { sql: found.sql, type: found.type }
  if (parts.at(-1) === 'NEXTVAL') {
    const sequence = translator.environment.sequence(parts.slice(0, -1))
    if (sequence !== undefined) return { sql: `nextval('${sequence}')`, type: integer }
  }
  if (!quoted && constantFunctions.has(parts.join('.')))
    return translateCall(translator, bareCall(parts[0] ?? ''), scope)
  throw invalidIdentifier(parts.map(showPart).join('.'), name.at)
}

function showPart(part: string): string {
  return /^[A-Z_][A-Z0-9_$]*$/u.test(part) ? part : `"${part}"`
}

/** Functions that are called without brackets. */
const constantFunctions = new Set(
  'CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP SYSDATE CURRENT_ROLE'.split(' '),
)

function bareCall(name: string): Extract<Expression, { kind: 'call' }> {
  return {
    kind: 'call',
    name,
    qualifier: [],
    at: 0,
    arguments: [],
    named: [],
    star: false,
    distinct: false,
    withinGroup: [],
    nulls: undefined,
    over: undefined,
  }
}

/** `$2`: of what is read from a stage or from VALUES; of any relation by its place. */
function translatePosition(
  _translator: Translator,
  { qualifier, index }: Extract<Expression, { kind: 'position' }>,
  scope: Scope,
): TypedSql {
  const relation = qualifier === undefined ? scope.relations[0] : findRelation(scope, [qualifier])
  const column = relation?.columns[index - 1]
  if (column === undefined) throw invalidIdentifier(`$${index}`)
  return { sql: column.sql, type: column.type }
}

/** A condition as BOOLEAN: numbers and texts become one. */
export function condition(translator: Translator, expression: Expression, scope: Scope): string {
  return castSql(translator.expression(expression, scope), boolean)
}

function translateBinary(
  translator: Translator,
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  scope: Scope,
): TypedSql {
  if (operator === 'AND' || operator === 'OR') {
    return {
      sql: `(${condition(translator, left, scope)} ${operator} ${condition(translator, right, scope)})`,
      type: boolean,
    }
  }
  const one = translator.expression(left, scope)
  const other = translator.expression(right, scope)
  if (operator === '||') return concatenate(one, other)
  if (['+', '-', '*', '/', '%'].includes(operator)) return arithmetic(operator as '+', one, other)
  if (left.kind === 'tuple' && right.kind === 'tuple')
    return { sql: `(${one.sql} ${operator} ${other.sql})`, type: boolean }
  return { sql: compareSql(operator as '=', one, other), type: boolean }
}

function translateIs(
  translator: Translator,
  { operand, test, negated }: Extract<Expression, { kind: 'is' }>,
  scope: Scope,
): TypedSql {
  const value = translator.expression(operand, scope)
  const tested = test === 'NULL' ? value.sql : castSql(value, boolean)
  return { sql: `(${tested} IS ${negated ? 'NOT ' : ''}${test})`, type: boolean }
}

function translateIn(
  translator: Translator,
  { operand, values, negated }: Extract<Expression, { kind: 'in' }>,
  scope: Scope,
): TypedSql {
  const value = translator.expression(operand, scope)
  const listed = values.map((item) => translator.expression(item, scope))
  const common = operand.kind === 'tuple' ? undefined : commonTypeOf([value, ...listed].map(({ type }) => type))
  const as = (item: TypedSql): string => (common === undefined ? item.sql : castSql(item, common))
  return { sql: `(${as(value)} ${negated ? 'NOT ' : ''}IN (${listed.map(as).join(', ')}))`, type: boolean }
}

function translateInQuery(
  translator: Translator,
  { operand, query, negated }: Extract<Expression, { kind: 'inQuery' }>,
  scope: Scope,
): TypedSql {
  const bound = translator.query(query, scope)
  const not = negated ? 'NOT ' : ''
  const value = translator.expression(operand, scope)
  const [first] = bound.columns
  if (operand.kind === 'tuple' || first === undefined) {
    return { sql: `(${value.sql} ${not}IN (${bound.sql}))`, type: boolean }
  }
  const common = commonTypeOf([value.type, first.type])
  const alias = translator.fresh('q')
  const column = castSql({ sql: `${alias}.c1`, type: first.type }, common)
  return {
    sql: `(${castSql(value, common)} ${not}IN (SELECT ${column} FROM (${bound.sql}) AS ${alias}))`,
    type: boolean,
  }
}

function translateLike(
  translator: Translator,
  { operator, operand, patterns, quantifier, escape, negated }: Extract<Expression, { kind: 'like' }>,
  scope: Scope,
): TypedSql {
  const textOf = (part: Expression): string => castSql(translator.expression(part, scope), text())
  const value = textOf(operand)
  const escaped = escape === undefined ? '' : ` ESCAPE ${textOf(escape)}`
  const tests = patterns.map((pattern) =>
    // RLIKE matches the whole of a text.
    operator === 'RLIKE'
      ? `regexp_full_match(${value}, ${textOf(pattern)}, 's')`
      : `${value} ${operator} ${textOf(pattern)}${escaped}`,
  )
  const all = `(${tests.map((test) => `(${test})`).join(quantifier === 'ANY' ? ' OR ' : ' AND ')})`
  return { sql: negated ? `(NOT ${all})` : all, type: boolean }
}

function translateCase(
  translator: Translator,
  { operand, branches, otherwise }: Extract<Expression, { kind: 'case' }>,
  scope: Scope,
): TypedSql {
  const tested = operand === undefined ? undefined : translator.expression(operand, scope)
  const results = branches.map(({ result }) => translator.expression(result, scope))
  const rest = otherwise === undefined ? undefined : translator.expression(otherwise, scope)
  const type = commonTypeOf([...results, ...(rest === undefined ? [] : [rest])].map((result) => result.type))
  const whens = branches.map(({ when }, index) => {
    const test =
      tested === undefined
        ? condition(translator, when, scope)
        : compareSql('=', tested, translator.expression(when, scope))
    return `WHEN ${test} THEN ${castSql(results[index] ?? { sql: 'NULL', type: untyped }, type)}`
  })
  const last = rest === undefined ? '' : ` ELSE ${castSql(rest, type)}`
  return { sql: `(CASE ${whens.join(' ')}${last} END)`, type }
}

/** CAST to a shorter VARCHAR cuts off what is too long. */
function cutText(value: TypedSql, from: SqlType): TypedSql {
  const { type } = value
  if (type.name !== 'TEXT' || (from.name === 'TEXT' && from.length <= type.length) || type.length >= 16_777_216)
    return value
  return { sql: `left(${value.sql}, ${type.length})`, type }
}

const unitPattern = /(\d+(?:\.\d+)?)\s*([a-z]+)/giu

/** `1 year, 3 days` adds up; a number alone is seconds. */
export function intervalSql(interval: string): string {
  if (/^\s*-?\d+\s*$/u.test(interval)) return `to_seconds(${interval.trim()})`
  const parts = [...interval.matchAll(unitPattern)].map(([, amount, unit]) => `INTERVAL '${amount} ${unit}'`)
  return `(${parts.join(' + ')})`
}

function translatePath(
  translator: Translator,
  { operand, steps }: Extract<Expression, { kind: 'path' }>,
  scope: Scope,
): TypedSql {
  const value = translator.expression(operand, scope)
  if (!isSemiStructured(value.type)) {
    throw compilationError(
      '001044',
      '42P13',
      "Invalid argument types for function 'GET': only semi-structured values have parts",
    )
  }
  let sql = value.sql
  for (const step of steps) sql = stepSql(translator, sql, step, scope)
  return { sql, type: variant }
}

/** Not by DuckDB's json_extract, which makes doubles of decimals. */
function stepSql(translator: Translator, sql: string, step: PathStep, scope: Scope): string {
  const document = `CAST(${sql} AS VARCHAR)`
  if (step.kind === 'key') return `CAST(sf_get_key(${document}, ${quoteText(step.key)}, FALSE) AS JSON)`
  const index = translator.expression(step.index, scope)
  if (index.type.name === 'NUMBER') return `CAST(sf_get_index(${document}, CAST(${index.sql} AS BIGINT)) AS JSON)`
  return `CAST(sf_get_key(${document}, ${castSql(index, text())}, FALSE) AS JSON)`
}
