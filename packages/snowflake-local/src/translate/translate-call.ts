import { compilationError, unknownFunction } from '../engine/sql-error.ts'
import { integer, untyped, variant } from '../catalog/sql-type.ts'
import { findFunction } from '../function/find-function.ts'
import type { FunctionRule, TypedSql } from '../function/function-rule.ts'
import type { Call, Expression, FrameBound, OrderKey, WindowDefinition } from '../parse/ast-expression.ts'
import type { Scope } from './scope.ts'
import { quoteText } from './sql-text.ts'
import type { Translator } from './translator.ts'

export function translateCall(translator: Translator, call: Call, scope: Scope): TypedSql {
  const over = call.over === undefined ? '' : ` OVER (${windowSql(translator, call.over, scope)})`
  if (call.name === 'COUNT' && call.star) return { sql: `count(*)${over}`, type: integer }
  const rule = findFunction(call.name)
  if (rule === undefined) throw unknownFunction(call.name)
  checkArity(call, rule)
  const order = call.withinGroup.map((key) => ({
    ...translator.expression(key.expression, scope),
    descending: key.descending,
  }))
  return rule.translate(
    {
      name: call.name,
      arguments: call.arguments.map((argument, index) => translateArgument(translator, rule, argument, index, scope)),
      named: new Map(call.named.map(({ name, value }) => [name, translator.expression(value, scope)])),
      distinct: call.distinct ? 'DISTINCT ' : '',
      orderBy: call.withinGroup.length === 0 ? '' : ` ORDER BY ${orderSql(translator, call.withinGroup, scope)}`,
      order,
      nulls: call.nulls === 'IGNORE' ? ' IGNORE NULLS' : '',
      over,
    },
    translator.environment.context,
  )
}

function checkArity(call: Call, { arity: [fewest, most] }: FunctionRule): void {
  const count = call.arguments.length + call.named.length
  if (count < fewest) {
    throw compilationError(
      '000938',
      '22023',
      `not enough arguments for function [${call.name}], expected ${fewest}, got ${count}`,
    )
  }
  if (count > most) {
    throw compilationError(
      '000939',
      '22023',
      `too many arguments for function [${call.name}] expected ${most}, got ${count}`,
    )
  }
}

function translateArgument(
  translator: Translator,
  rule: FunctionRule,
  argument: Expression,
  index: number,
  scope: Scope,
): TypedSql {
  if (rule.words?.includes(index) === true && argument.kind === 'column' && argument.name.parts.length === 1) {
    const word = (argument.name.parts[0] ?? '').toUpperCase()
    return { sql: quoteText(word), type: untyped, literal: word }
  }
  return argument.kind === 'lambda'
    ? translateLambda(translator, argument, scope)
    : translator.expression(argument, scope)
}

/** A lambda of DuckDB whose parameters are JSON. */
function translateLambda(
  translator: Translator,
  { parameters, body }: Extract<Expression, { kind: 'lambda' }>,
  scope: Scope,
): TypedSql {
  const names = new Map(parameters.map((name) => [name, { sql: translator.fresh('p'), type: variant }]))
  const inner: Scope = { relations: [], merged: [], outer: scope, aliases: new Map(), parameters: names }
  const value = translator.expression(body, inner)
  return { sql: `lambda ${[...names.values()].map(({ sql }) => sql).join(', ')}: ${value.sql}`, type: value.type }
}

/** NULLs come last going up and first going down, unless said: they count as the largest. */
export function orderSql(translator: Translator, keys: readonly OrderKey[], scope: Scope): string {
  return keys.map((key) => `${translator.expression(key.expression, scope).sql}${directionSql(key)}`).join(', ')
}

export function directionSql({ descending, nulls }: OrderKey): string {
  return `${descending ? ' DESC' : ' ASC'} NULLS ${nulls ?? (descending ? 'FIRST' : 'LAST')}`
}

function windowSql(translator: Translator, { partitionBy, orderBy, frame }: WindowDefinition, scope: Scope): string {
  const parts: string[] = []
  if (partitionBy.length > 0) {
    parts.push(`PARTITION BY ${partitionBy.map((key) => translator.expression(key, scope).sql).join(', ')}`)
  }
  if (orderBy.length > 0) parts.push(`ORDER BY ${orderSql(translator, orderBy, scope)}`)
  if (frame !== undefined) {
    const start = boundSql(translator, frame.start, scope)
    parts.push(
      frame.end === undefined
        ? `${frame.unit} ${start}`
        : `${frame.unit} BETWEEN ${start} AND ${boundSql(translator, frame.end, scope)}`,
    )
  }
  return parts.join(' ')
}

function boundSql(translator: Translator, bound: FrameBound, scope: Scope): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'UNBOUNDED PRECEDING'
    case 'unboundedFollowing':
      return 'UNBOUNDED FOLLOWING'
    case 'currentRow':
      return 'CURRENT ROW'
    default:
      return `${translator.expression(bound.offset, scope).sql} ${bound.kind === 'preceding' ? 'PRECEDING' : 'FOLLOWING'}`
  }
}
