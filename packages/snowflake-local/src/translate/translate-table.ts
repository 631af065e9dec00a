import { compilationError, invalidIdentifier, unknownFunction, unsupportedFeature } from '../engine/sql-error.ts'
import { integer, text, untyped } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Call } from '../parse/ast-expression.ts'
import type { Join, Pivot, Sample, TableAlias, TableExpression, Unpivot } from '../parse/ast-query.ts'
import type { BoundFrom } from './bound-from.ts'
import { castSql } from './cast.ts'
import { commonTypeOf } from './common-type.ts'
import { compareSql } from './comparison.ts'
import { flattenBeside, flattenMacros, flattenQuery } from './translate-flatten.ts'
import type { Argument } from './translate-flatten.ts'
import { translatePivot, translateUnpivot } from './translate-pivot.ts'
import { emptyScope, findColumn } from './scope.ts'
import type { BoundColumn, Scope } from './scope.ts'
import { quoteText } from './sql-text.ts'
import type { BoundQuery, NamedRelation, OutputColumn, Translator } from './translator.ts'

export function translateFrom(translator: Translator, table: TableExpression, outer: Scope | undefined): BoundFrom {
  return translateTable(translator, table, { ...emptyScope, outer })
}

/** `scope` has what stands to the left, which a lateral table may name. */
function translateTable(translator: Translator, table: TableExpression, scope: Scope): BoundFrom {
  switch (table.kind) {
    case 'table':
      return translateNamed(translator, table)
    case 'derived': {
      const bound = translator.query(table.query, scope)
      return derived(translator, bound, table.alias, { lateral: true, sample: sampleSql(table.sample) })
    }
    case 'function':
      return translateFunction(translator, table.call, table.alias, scope)
    case 'stage':
      return derived(translator, translator.environment.stage(table.location, table.options), table.alias)
    case 'join':
      return translateJoin(translator, table, scope)
    case 'pivot':
    case 'unpivot': {
      const source = translateTable(translator, table.source, scope)
      return derived(translator, pivotQuery(translator, table, source), table.alias)
    }
  }
}

function pivotQuery(translator: Translator, table: Pivot | Unpivot, source: BoundFrom): BoundQuery {
  const from = { sql: source.sql, scope: { ...emptyScope, relations: source.relations, merged: source.merged } }
  return table.kind === 'pivot' ? translatePivot(translator, table, from) : translateUnpivot(translator, table, from)
}

/** A query in brackets under a name of its own. */
function derived(
  translator: Translator,
  query: BoundQuery,
  alias: TableAlias | undefined,
  { lateral = false, sample = '', name }: { lateral?: boolean; sample?: string; name?: readonly string[] } = {},
): BoundFrom {
  const physical = translator.fresh('r')
  const columns = query.columns.map((column, index) => ({ ...column, sql: `${physical}.c${index + 1}` }))
  const relation = { name: alias === undefined ? (name ?? []) : [alias.name], columns: renameAll(columns, alias) }
  return {
    sql: `${lateral ? 'LATERAL ' : ''}(${query.sql}) AS ${physical}${sample}`,
    relations: [relation],
    merged: [],
  }
}

function renameAll(columns: readonly BoundColumn[], alias: TableAlias | undefined): readonly BoundColumn[] {
  if (alias === undefined || alias.columns.length === 0) return columns
  if (alias.columns.length > columns.length) throw invalidIdentifier(alias.columns[columns.length] ?? '')
  return columns.map((column, index) => ({ ...column, name: alias.columns[index] ?? column.name }))
}

function sampleSql(sample: Sample | undefined): string {
  if (sample === undefined) return ''
  if (sample.amount.kind !== 'number') throw unsupportedFeature('SAMPLE by an expression')
  const seed = sample.seed?.kind === 'number' ? ` REPEATABLE (${sample.seed.text})` : ''
  return sample.kind === 'rows'
    ? ` TABLESAMPLE reservoir(${sample.amount.text} ROWS)${seed}`
    : ` TABLESAMPLE bernoulli(${sample.amount.text} PERCENT)${seed}`
}

function translateNamed(translator: Translator, table: Extract<TableExpression, { kind: 'table' }>): BoundFrom {
  const { name, alias } = table
  const sample = sampleSql(table.sample)
  const [first = ''] = name.parts
  const common = name.parts.length === 1 ? translator.commonTables.get(first) : undefined
  if (common !== undefined) {
    return named(translator, common.physical, common.columns, alias, [first], sample)
  }
  const relation = translator.environment.relation(name, table.travel, table.changes)
  if (relation.kind === 'rows')
    return derived(translator, rowsQuery(translator, relation), alias, { name: relation.name })
  if (relation.kind === 'table') return fromTable(translator, relation, alias, sample)
  const view = translator.forView(relation.environment).query(relation.query, undefined)
  const columns = view.columns.map((column, index) => ({ ...column, name: relation.columns[index] ?? column.name }))
  return derived(translator, { sql: view.sql, columns }, alias, { sample, name: relation.name })
}

function fromTable(
  translator: Translator,
  relation: NamedRelation & { readonly kind: 'table' },
  alias: TableAlias | undefined,
  sample = '',
): BoundFrom {
  const physical = translator.fresh('r')
  const columns = relation.columns.map((column) => ({ ...column, sql: `${physical}.${column.physical}` }))
  const bound = { name: alias === undefined ? relation.name : [alias.name], columns: renameAll(columns, alias) }
  return { sql: `${relation.sql} AS ${physical}${sample}`, relations: [bound], merged: [] }
}

function named(
  translator: Translator,
  source: string,
  outputs: readonly OutputColumn[],
  alias: TableAlias | undefined,
  name: readonly string[],
  sample: string,
): BoundFrom {
  const physical = translator.fresh('r')
  const columns = outputs.map((column, index) => ({ ...column, sql: `${physical}.c${index + 1}` }))
  const relation = { name: alias === undefined ? name : [alias.name], columns: renameAll(columns, alias) }
  return { sql: `${source} AS ${physical}${sample}`, relations: [relation], merged: [] }
}

/** Rows of texts as a query of their types. */
export function rowsQuery(
  translator: Translator,
  {
    columns,
    rows,
  }: {
    readonly columns: readonly OutputColumn[]
    readonly rows: readonly (readonly (string | null | { readonly sql: string })[])[]
  },
): BoundQuery {
  const alias = translator.fresh('v')
  const names = columns.map((_, index) => `c${index + 1}`)
  const list = columns.map(
    ({ type }, index) =>
      `${castSql({ sql: `${alias}.c${index + 1}`, type: type.name === 'VARIANT' ? type : text() }, type)} AS c${index + 1}`,
  )
  const literal = (value: string | null | { readonly sql: string }): string => {
    if (value === null) return 'CAST(NULL AS VARCHAR)'
    return typeof value === 'string' ? quoteText(value) : `CAST(${value.sql} AS VARCHAR)`
  }
  const values = rows.length === 0 ? [columns.map(() => null)] : rows
  const body = values.map((row) => `(${row.map(literal).join(', ')})`).join(', ')
  const none = rows.length === 0 ? ' WHERE FALSE' : ''
  return { sql: `SELECT ${list.join(', ')} FROM (VALUES ${body}) AS ${alias}(${names.join(', ')})${none}`, columns }
}

function translateJoin(translator: Translator, join: Join, scope: Scope): BoundFrom {
  const left = translateTable(translator, join.left, scope)
  const inner: Scope = {
    relations: [...scope.relations, ...left.relations],
    merged: left.merged,
    outer: scope.outer,
    aliases: new Map(),
  }
  const flatten = flattenOf(join)
  if (flatten !== undefined) {
    return flattenBeside(translator, left, {
      argument: argumentOf(translator, flatten.call, inner),
      name: flatten.alias === undefined ? [] : [flatten.alias.name],
      keepsAll: join.join === 'LEFT',
    })
  }
  const right = translateTable(translator, join.right, inner)
  const relations = [...left.relations, ...right.relations]
  const using = join.natural ? sharedNames(left, right) : join.using
  if (using.length > 0) return joinUsing(join, left, right, using)
  const both: Scope = {
    ...inner,
    relations: [...scope.relations, ...relations],
    merged: [...left.merged, ...right.merged],
  }
  const merged = [...left.merged, ...right.merged]
  const conditions = [join.matchCondition, join.on].flatMap((part) =>
    part === undefined ? [] : [castSql(translator.expression(part, both), { name: 'BOOLEAN' })],
  )
  const words = joinWords(join, conditions.length > 0)
  const on = conditions.length > 0 ? ` ON ${conditions.join(' AND ')}` : words.needsCondition ? ' ON TRUE' : ''
  return { sql: `${left.sql} ${words.sql} ${right.sql}${on}`, relations, merged }
}

/** FLATTEN on the right of a join without a condition, but for names of its columns. */
function flattenOf({ join, on, right, using, natural, matchCondition }: Join): TableFunction | undefined {
  const isPlain = join === 'CROSS' || join === 'INNER' || join === 'LEFT'
  const isFree = on === undefined || (on.kind === 'boolean' && on.value)
  if (!isPlain || !isFree || using.length > 0 || natural || matchCondition !== undefined) return undefined
  if (right.kind !== 'function' || right.call.name !== 'FLATTEN') return undefined
  return (right.alias?.columns.length ?? 0) > 0 ? undefined : right
}

type TableFunction = Extract<TableExpression, { kind: 'function' }>

function joinWords({ join }: Join, hasCondition: boolean): { readonly sql: string; readonly needsCondition: boolean } {
  if (join === 'CROSS') return { sql: hasCondition ? 'JOIN' : 'CROSS JOIN', needsCondition: false }
  // An ASOF join keeps rows of the left that match nothing.
  if (join === 'ASOF') return { sql: 'ASOF LEFT JOIN', needsCondition: true }
  return { sql: `${join} JOIN`, needsCondition: true }
}

function sharedNames(left: BoundFrom, right: BoundFrom): readonly string[] {
  const others = new Set(right.relations.flatMap(({ columns }) => columns.map(({ name }) => name)))
  return left.relations.flatMap(({ columns }) => columns.map(({ name }) => name)).filter((name) => others.has(name))
}

/** The columns named become one each, that of the side which has a row. */
function joinUsing(join: Join, left: BoundFrom, right: BoundFrom, names: readonly string[]): BoundFrom {
  const pairs = names.map((name) => {
    const one = columnOf(left, name)
    const other = columnOf(right, name)
    return { name, one, other }
  })
  const on = pairs.map(({ one, other }) => compareSql('=', one, other)).join(' AND ')
  const merged = pairs.map(({ name, one, other }): BoundColumn => {
    const type = commonTypeOf([one.type, other.type])
    const [mine, theirs] = [castSql(one, type), castSql(other, type)]
    const sql = join.join === 'FULL' ? `coalesce(${mine}, ${theirs})` : join.join === 'RIGHT' ? theirs : mine
    return { name, type, sql, nullable: true }
  })
  const word = join.join === 'CROSS' ? 'INNER' : join.join
  const others = [...left.merged, ...right.merged].filter(({ name }) => !names.includes(name))
  return {
    sql: `${left.sql} ${word} JOIN ${right.sql} ON ${on}`,
    relations: [...left.relations, ...right.relations],
    merged: [...merged, ...others],
  }
}

function columnOf(side: BoundFrom, name: string): TypedSql {
  const scope: Scope = { ...emptyScope, relations: side.relations, merged: side.merged }
  const found = findColumn(scope, [name])
  if (found === undefined) throw invalidIdentifier(name)
  return found
}

function argumentOf(translator: Translator, call: Call, scope: Scope): Argument {
  return (name, place) => {
    const given = call.named.find((candidate) => candidate.name === name)?.value ?? call.arguments[place]
    return given === undefined ? undefined : translator.expression(given, scope)
  }
}

function translateFunction(translator: Translator, call: Call, alias: TableAlias | undefined, scope: Scope): BoundFrom {
  const argument = argumentOf(translator, call, scope)
  switch (call.name) {
    case 'FLATTEN':
      return derived(translator, flattenQuery(translator, argument), alias, { lateral: true })
    case 'GENERATOR':
      return derived(translator, generatorQuery(argument('ROWCOUNT', 0)), alias)
    case 'SPLIT_TO_TABLE':
    case 'STRTOK_SPLIT_TO_TABLE':
      return derived(translator, splitQuery(translator, argument), alias, { lateral: true })
    default: {
      const values = call.arguments.map((value) => translator.expression(value, scope))
      const rows = translator.environment.tableRows(call, values)
      if (rows?.kind === 'table') return fromTable(translator, rows, alias)
      if (rows?.kind !== 'rows') throw unknownFunction(call.name)
      return derived(translator, rowsQuery(translator, rows), alias, { name: rows.name })
    }
  }
}

export const tableMacros: readonly string[] = flattenMacros

/** Rows without columns: only what is selected from them counts. */
function generatorQuery(rows: TypedSql | undefined): BoundQuery {
  const count = rows ?? { sql: '0', type: untyped }
  return { sql: `SELECT range AS c1 FROM range(CAST(${count.sql} AS BIGINT))`, columns: [] }
}

function splitQuery(translator: Translator, argument: Argument): BoundQuery {
  const [value, separator] = [argument('', 0), argument('', 1)]
  if (value === undefined || separator === undefined) {
    throw compilationError('000938', '22023', 'not enough arguments for function [SPLIT_TO_TABLE], expected 2')
  }
  const alias = translator.fresh('e')
  return {
    sql: `SELECT CAST(1 AS BIGINT) AS c1, ${alias}.i AS c2, ${alias}.v AS c3 FROM (SELECT unnest(string_split(${castSql(value, text())}, ${castSql(separator, text())})) AS v, generate_subscripts(string_split(${castSql(value, text())}, ${castSql(separator, text())}), 1) AS i) AS ${alias}`,
    columns: [
      { name: 'SEQ', type: integer, nullable: false },
      { name: 'INDEX', type: integer, nullable: false },
      { name: 'VALUE', type: text(), nullable: true },
    ],
  }
}
