import { invalidIdentifier } from '../engine/sql-error.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Expression } from '../parse/ast-expression.ts'
import type { GroupElement, Query, Select, StarItem } from '../parse/ast-query.ts'
import { condition } from './translate-expression.ts'
import { emptyScope, findRelation } from './scope.ts'
import type { BoundColumn, Scope } from './scope.ts'
import { directionSql } from './translate-call.ts'
import { translateFrom } from './translate-table.ts'
import type { BoundQuery, Translator } from './translator.ts'

interface Output extends TypedSql {
  readonly name: string
  readonly nullable: boolean
}

/** `around` has the ORDER BY, which may use columns that are not in the list. */
export function translateSelect(
  translator: Translator,
  select: Select,
  outer: Scope | undefined,
  around: Query | undefined,
): BoundQuery {
  const from = select.from === undefined ? undefined : translateFrom(translator, select.from, outer)
  const base: Scope = { ...emptyScope, relations: from?.relations ?? [], merged: from?.merged ?? [], outer }
  const outputs = translateItems(translator, select, base)
  const scope: Scope = { ...base, aliases: aliasesOf(select, outputs) }
  const list = outputs.map(({ sql }, index) => `${sql} AS c${index + 1}`).join(', ')
  const where = select.where === undefined ? '' : ` WHERE ${condition(translator, select.where, scope)}`
  const group = groupSql(translator, select, outputs, scope)
  const having = select.having === undefined ? '' : ` HAVING ${condition(translator, select.having, scope)}`
  const qualify = select.qualify === undefined ? '' : ` QUALIFY ${condition(translator, select.qualify, scope)}`
  const order = around === undefined ? '' : orderSql(translator, around, outputs, scope)
  const top = select.top === undefined ? '' : ` LIMIT ${translator.expression(select.top, scope).sql}`
  return {
    sql: `SELECT ${select.distinct ? 'DISTINCT ' : ''}${list}${from === undefined ? '' : ` FROM ${from.sql}`}${where}${group}${having}${qualify}${order}${top}`,
    columns: outputs.map(({ name, type, nullable }) => ({ name, type, nullable })),
  }
}

/** From the left, so that an item may use the aliases before it. */
function translateItems(translator: Translator, select: Select, base: Scope): readonly Output[] {
  const outputs: Output[] = []
  const aliases = new Map<string, TypedSql>()
  for (const item of select.items) {
    if (item.kind === 'star') outputs.push(...translateStar(translator, item, base))
    else {
      const value = translator.expression(item.expression, { ...base, aliases })
      const name = item.alias ?? nameOf(item.expression, item.text)
      if (item.alias !== undefined) aliases.set(item.alias, value)
      outputs.push({ ...value, name, nullable: isNullable(item.expression, base) })
    }
  }
  return outputs
}

function aliasesOf(select: Select, outputs: readonly Output[]): ReadonlyMap<string, TypedSql> {
  const named = new Set(select.items.flatMap((item) => (item.kind === 'star' ? [] : [item.alias])))
  return new Map(outputs.filter(({ name }) => named.has(name)).map((output) => [output.name, output]))
}

/** A column keeps its name; anything else is named by its text in upper case. */
function nameOf(expression: Expression, text: string): string {
  if (expression.kind === 'column') return expression.name.parts.at(-1) ?? ''
  if (expression.kind === 'position') return `$${expression.index}`
  return text.toUpperCase()
}

function isNullable(expression: Expression, scope: Scope): boolean {
  if (expression.kind === 'number' || expression.kind === 'string' || expression.kind === 'boolean') return false
  if (expression.kind !== 'column') return true
  const name = expression.name.parts.at(-1)
  const found = scope.relations.flatMap(({ columns }) => columns).filter((column) => column.name === name)
  return found.length !== 1 || found[0]?.nullable !== false
}

function translateStar(translator: Translator, item: StarItem, scope: Scope): readonly Output[] {
  const columns = starColumns(item, scope)
  const known = new Set(columns.map(({ name }) => name))
  const unknown = [...item.exclude, ...item.rename.map(({ from }) => from)].find((name) => !known.has(name))
  if (unknown !== undefined) throw invalidIdentifier(unknown)
  return columns
    .filter(({ name }) => !item.exclude.includes(name) && (item.ilike === undefined || matches(item.ilike, name)))
    .map((column) => {
      const replacement = item.replace.find(({ name }) => name === column.name)
      const value = replacement === undefined ? column : translator.expression(replacement.expression, scope)
      const name = item.rename.find(({ from }) => from === column.name)?.to ?? column.name
      return { sql: value.sql, type: value.type, name, nullable: column.nullable }
    })
}

function starColumns({ qualifier }: StarItem, scope: Scope): readonly BoundColumn[] {
  if (qualifier === undefined) {
    const merged = new Set(scope.merged.map(({ name }) => name))
    const others = scope.relations.flatMap(({ columns }) => columns.filter(({ name }) => !merged.has(name)))
    return [...scope.merged, ...others]
  }
  for (let current: Scope | undefined = scope; current !== undefined; current = current.outer) {
    const relation = findRelation(current, qualifier.parts)
    if (relation !== undefined) return relation.columns
  }
  throw invalidIdentifier(qualifier.parts.join('.'))
}

/** The pattern of LIKE, whatever the case. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return new RegExp(`^${source}$`, 'isu').test(text)
}

function groupSql(translator: Translator, { groupBy }: Select, outputs: readonly Output[], scope: Scope): string {
  if (groupBy === undefined) return ''
  if (groupBy.kind === 'all') return ' GROUP BY ALL'
  const key = (expression: Expression): string => keySql(translator, expression, outputs, scope)
  const element = (part: GroupElement): string => {
    if (part.kind === 'key') return key(part.expression)
    const sets = part.sets.map((set) =>
      set.length === 1 && set[0] !== undefined ? key(set[0]) : `(${set.map(key).join(', ')})`,
    )
    return `${part.kind} (${sets.join(', ')})`
  }
  return ` GROUP BY ${groupBy.elements.map(element).join(', ')}`
}

/** A number is a place in the list. */
function keySql(translator: Translator, expression: Expression, outputs: readonly Output[], scope: Scope): string {
  if (expression.kind !== 'number') return translator.expression(expression, scope).sql
  const output = outputs[Number(expression.text) - 1]
  if (output === undefined) throw invalidIdentifier(expression.text)
  return output.sql
}

function orderSql(translator: Translator, query: Query, outputs: readonly Output[], scope: Scope): string {
  if (query.orderByAll) return ' ORDER BY ALL'
  if (query.orderBy.length === 0) return ''
  const keys = query.orderBy.flatMap((key) => {
    // A list of keys may stand in brackets.
    const parts = key.expression.kind === 'tuple' ? key.expression.items : [key.expression]
    return parts.map((expression) => `${orderKeySql(translator, expression, outputs, scope)}${directionSql(key)}`)
  })
  return ` ORDER BY ${keys.join(', ')}`
}

/** Here, unlike elsewhere, a name of the output hides a column of a table. */
function orderKeySql(translator: Translator, expression: Expression, outputs: readonly Output[], scope: Scope): string {
  if (expression.kind === 'number') return expression.text
  if (expression.kind === 'column' && expression.name.parts.length === 1) {
    const place = outputs.findIndex(({ name }) => name === expression.name.parts[0])
    if (place >= 0) return String(place + 1)
  }
  const { sql } = translator.expression(expression, scope)
  const place = outputs.findIndex((output) => output.sql === sql)
  return place >= 0 ? String(place + 1) : sql
}
