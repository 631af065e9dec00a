import { compilationError, invalidIdentifier } from '../engine/sql-error.ts'
import { isSameType } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Expression } from '../parse/ast-expression.ts'
import type { CommonTable, Query, QueryBody, SetOperation, Values } from '../parse/ast-query.ts'
import { castSql } from './cast.ts'
import { commonTypeOf } from './common-type.ts'
import { emptyScope } from './scope.ts'
import type { Scope } from './scope.ts'
import { directionSql } from './translate-call.ts'
import { translateSelect } from './translate-select.ts'
import type { BoundQuery, OutputColumn, Translator } from './translator.ts'

export function translateQuery(translator: Translator, query: Query, outer: Scope | undefined): BoundQuery {
  const { translator: inner, sql: prefix } = translateCommonTables(translator, query.with)
  const limit = limitSql(inner, query)
  if (query.body.kind === 'select') {
    const bound = translateSelect(inner, query.body, outer, query)
    return { ...bound, sql: `${prefix}${bound.sql}${limit}` }
  }
  const bound = translateBody(inner, query.body, outer)
  if (query.orderBy.length === 0 && !query.orderByAll) return { ...bound, sql: `${prefix}${bound.sql}${limit}` }
  const order = query.orderByAll ? 'ALL' : orderOfOutput(inner, query, bound)
  const alias = inner.fresh('q')
  const names = bound.columns.map((_, index) => `${alias}.c${index + 1} AS c${index + 1}`).join(', ')
  return { ...bound, sql: `${prefix}SELECT ${names} FROM (${bound.sql}) AS ${alias} ORDER BY ${order}${limit}` }
}

function limitSql(translator: Translator, { limit, offset }: Query): string {
  const count = (expression: Expression): string =>
    `CAST(${translator.expression(expression, emptyScope).sql} AS BIGINT)`
  return `${limit === undefined ? '' : ` LIMIT ${count(limit)}`}${offset === undefined ? '' : ` OFFSET ${count(offset)}`}`
}

/** Behind a set operation or VALUES only the output's own columns can be ordered by. */
function orderOfOutput(translator: Translator, query: Query, bound: BoundQuery): string {
  const columns = bound.columns.map(({ name, type, nullable }, index) => ({
    name,
    type,
    nullable,
    sql: `c${index + 1}`,
  }))
  const scope: Scope = { ...emptyScope, relations: [{ name: [], columns }] }
  return query.orderBy
    .map((key) => {
      const { expression } = key
      const sql = expression.kind === 'number' ? expression.text : translator.expression(expression, scope).sql
      return `${sql}${directionSql(key)}`
    })
    .join(', ')
}

function translateCommonTables(
  translator: Translator,
  tables: readonly CommonTable[],
): { readonly translator: Translator; readonly sql: string } {
  let current = translator
  const written: string[] = []
  for (const table of tables) {
    const physical = current.fresh('w')
    const bound = translateCommonTable(current, table, physical)
    const columns = renamed(bound.columns, table.columns)
    const names = columns.map((_, index) => `c${index + 1}`).join(', ')
    written.push(`${physical}(${names}) AS (${bound.sql})`)
    current = current.withCommonTable(table.name, { physical, columns })
  }
  if (written.length === 0) return { translator, sql: '' }
  return { translator: current, sql: `WITH RECURSIVE ${written.join(', ')} ` }
}

/** A recursive table has the columns of what stands before its UNION ALL. */
function translateCommonTable(translator: Translator, table: CommonTable, physical: string): BoundQuery {
  const { body } = table.query
  const anchor = body.kind === 'set' && body.operator === 'UNION' ? anchorOf(body) : undefined
  if (anchor === undefined || !mentions(body, table.name)) return translator.query(table.query, undefined)
  const bound = translateBody(translator, anchor, undefined)
  const columns = renamed(bound.columns, table.columns)
  return translator.withCommonTable(table.name, { physical, columns }).query(table.query, undefined)
}

function anchorOf(body: SetOperation): QueryBody {
  return body.left.kind === 'set' ? anchorOf(body.left) : body.left
}

/** Whether a table of the name stands anywhere in the tree: common tables are known by one part only. */
function mentions(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  if ('kind' in node && node.kind === 'table' && 'name' in node) {
    const { parts } = node.name as { parts: readonly string[] }
    if (parts.length === 1 && parts[0] === name) return true
  }
  return Object.values(node).some((part) => mentions(part, name))
}

function renamed(columns: readonly OutputColumn[], names: readonly string[]): readonly OutputColumn[] {
  if (names.length > columns.length) throw invalidIdentifier(names[columns.length] ?? '')
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }))
}

function translateBody(translator: Translator, body: QueryBody, outer: Scope | undefined): BoundQuery {
  switch (body.kind) {
    case 'query': {
      const bound = translator.query(body, outer)
      return { ...bound, sql: `(${bound.sql})` }
    }
    case 'select':
      return translateSelect(translator, body, outer, undefined)
    case 'values':
      return translateValues(translator, body, outer)
    case 'set':
      return translateSet(translator, body, outer)
  }
}

/** Columns are named COLUMN1, COLUMN2, … and have the type that all rows have in common. */
function translateValues(translator: Translator, { rows }: Values, outer: Scope | undefined): BoundQuery {
  const scope: Scope = { ...emptyScope, outer }
  const bound = rows.map((row) => row.map((value) => translator.expression(value, scope)))
  const width = bound[0]?.length ?? 0
  if (bound.some((row) => row.length !== width)) {
    throw compilationError('001039', '42601', 'Invalid row: VALUES lists must all have the same number of expressions.')
  }
  const types = Array.from({ length: width }, (_, index) =>
    commonTypeOf(bound.map((row) => row[index]).flatMap((value) => (value === undefined ? [] : [value.type]))),
  )
  const texts = bound.map(
    (row) => `(${row.map((value, index) => castSql(value, types[index] ?? value.type)).join(', ')})`,
  )
  const alias = translator.fresh('v')
  const names = types.map((_, index) => `c${index + 1}`)
  return {
    sql: `SELECT ${names.map((name) => `${alias}.${name} AS ${name}`).join(', ')} FROM (VALUES ${texts.join(', ')}) AS ${alias}(${names.join(', ')})`,
    columns: types.map((type, index) => ({ name: `COLUMN${index + 1}`, type, nullable: true })),
  }
}

function translateSet(translator: Translator, operation: SetOperation, outer: Scope | undefined): BoundQuery {
  const left = translateBody(translator, operation.left, outer)
  const right = translateBody(translator, operation.right, outer)
  if (operation.byName) return unionByName(translator, left, right, operation.all)
  if (left.columns.length !== right.columns.length) {
    throw compilationError(
      '001789',
      '42601',
      `invalid number of result columns for set operator input branches, expected ${left.columns.length}, got ${right.columns.length} in a branch`,
    )
  }
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index] ?? column
    return { ...column, type: commonTypeOf([column.type, other.type]), nullable: column.nullable || other.nullable }
  })
  const word = `${operation.operator}${operation.all ? ' ALL' : ''}`
  return {
    sql: `(${castColumns(translator, left, columns)} ${word} ${castColumns(translator, right, columns)})`,
    columns,
  }
}

/** The query with its columns as the types that both sides have in common. */
function castColumns(translator: Translator, query: BoundQuery, columns: readonly OutputColumn[]): string {
  if (query.columns.every(({ type }, index) => isSameType(type, columns[index]?.type ?? type))) return query.sql
  const alias = translator.fresh('q')
  const casts = query.columns.map((column, index) => {
    const value: TypedSql = { sql: `${alias}.c${index + 1}`, type: column.type }
    return `${castSql(value, columns[index]?.type ?? column.type)} AS c${index + 1}`
  })
  return `SELECT ${casts.join(', ')} FROM (${query.sql}) AS ${alias}`
}

/** Columns that one side lacks are NULL there. */
function unionByName(translator: Translator, left: BoundQuery, right: BoundQuery, all: boolean): BoundQuery {
  const names = [...new Set([...left.columns, ...right.columns].map(({ name }) => name))]
  const columns = names.map((name) => {
    const types = [left, right].flatMap((side) => side.columns.filter((column) => column.name === name))
    return { name, type: commonTypeOf(types.map(({ type }) => type)), nullable: true }
  })
  const side = (query: BoundQuery): string => {
    const alias = translator.fresh('q')
    const values = columns.map(({ name, type }, index) => {
      const place = query.columns.findIndex((column) => column.name === name)
      const from = query.columns[place]
      const value: TypedSql =
        from === undefined
          ? { sql: 'NULL', type: { name: 'NULL' } }
          : { sql: `${alias}.c${place + 1}`, type: from.type }
      return `${castSql(value, type)} AS c${index + 1}`
    })
    return `SELECT ${values.join(', ')} FROM (${query.sql}) AS ${alias}`
  }
  return { sql: `(${side(left)} UNION${all ? ' ALL' : ''} ${side(right)})`, columns }
}
