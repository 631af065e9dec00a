import { integer, text, variant } from '../catalog/sql-type.ts'
import { compilationError, unsupportedFeature } from '../engine/sql-error.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { BoundFrom } from './bound-from.ts'
import { castSql } from './cast.ts'
import type { BoundRelation } from './scope.ts'
import { quoteText } from './sql-text.ts'
import type { BoundQuery, OutputColumn, Translator } from './translator.ts'

export type Argument = (name: string, place: number) => TypedSql | undefined

const entryColumns: readonly (OutputColumn & { readonly field: string })[] = [
  { name: 'SEQ', type: integer, nullable: false, field: '' },
  { name: 'KEY', type: text(), nullable: true, field: 'key' },
  { name: 'PATH', type: text(), nullable: true, field: 'path' },
  { name: 'INDEX', type: integer, nullable: true, field: 'index' },
  { name: 'VALUE', type: variant, nullable: true, field: 'value' },
  { name: 'THIS', type: variant, nullable: true, field: 'this' },
]

/** The entries of one value: the rows of FLATTEN that stands alone. */
export function flattenQuery(translator: Translator, argument: Argument): BoundQuery {
  const alias = translator.fresh('e')
  const columns = entryColumns.map(({ field }, index) => `${entrySql(alias, field)} AS c${index + 1}`)
  return {
    sql: `SELECT ${columns.join(', ')} FROM (SELECT unnest(${entriesOf(argument)}) AS e) AS ${alias}`,
    columns: entryColumns.map(({ name, type, nullable }) => ({ name, type, nullable })),
  }
}

/**
 * The rows of the left, each with its entries. An UNNEST beside them keeps the entries in their order; of a lateral
 * join DuckDB makes another one that does not. With `keepsAll` a row without entries stays, beside NULLs.
 */
export function flattenBeside(
  translator: Translator,
  left: BoundFrom,
  {
    argument,
    name,
    keepsAll,
  }: { readonly argument: Argument; readonly name: readonly string[]; readonly keepsAll: boolean },
): BoundFrom {
  const physical = translator.fresh('r')
  const kept: string[] = []
  const moved = <Column extends { readonly sql: string }>(column: Column): Column => {
    kept.push(column.sql)
    return { ...column, sql: `${physical}.k${kept.length}` }
  }
  const relations = left.relations.map((relation): BoundRelation => ({
    ...relation,
    columns: relation.columns.map(moved),
  }))
  const merged = left.merged.map(moved)
  const entries = entriesOf(argument)
  const list = keepsAll ? `CASE WHEN len(coalesce(${entries}, [])) = 0 THEN [NULL] ELSE ${entries} END` : entries
  const columns = entryColumns.map(({ field, ...column }) => ({ ...column, sql: entrySql(physical, field) }))
  const selected = [...kept.map((sql, index) => `${sql} AS k${index + 1}`), `unnest(${list}) AS e`]
  return {
    sql: `(SELECT ${selected.join(', ')} FROM ${left.sql}) AS ${physical}`,
    relations: [...relations, { name, columns }],
    merged,
  }
}

function entrySql(alias: string, field: string): string {
  return field === '' ? 'CAST(1 AS BIGINT)' : `${alias}.e.${field}`
}

/** Of a value that FLATTEN finds nothing in, OUTER keeps one row of NULLs. */
function entriesOf(argument: Argument): string {
  const input = argument('INPUT', 0)
  if (input === undefined)
    throw compilationError('000938', '22023', 'not enough arguments for function [FLATTEN], expected 1, got 0')
  const path = argument('PATH', 1)?.literal
  if (argument('RECURSIVE', 3)?.literal === 'true') throw unsupportedFeature('FLATTEN(RECURSIVE => TRUE)')
  const mode = argument('MODE', 4)?.literal?.toUpperCase() ?? 'BOTH'
  const json = castSql(input, variant)
  const root = path === undefined || path === '' ? json : `json_extract(${json}, ${quoteText(`$.${path}`)})`
  const entries = `flatten_entries(${root}, ${quoteText(path ?? '')}, ${quoteText(mode)})`
  return argument('OUTER', 2)?.literal === 'true'
    ? `CASE WHEN len(coalesce(${entries}, [])) = 0 THEN [flatten_nothing(${root})] ELSE ${entries} END`
    : entries
}

export const flattenMacros: readonly string[] = [
  `CREATE OR REPLACE MACRO flatten_entry(k, p, i, v, t) AS {key: CAST(k AS VARCHAR), path: CAST(p AS VARCHAR), index: CAST(i AS BIGINT), value: CAST(v AS JSON), this: CAST(t AS JSON)}`,
  `CREATE OR REPLACE MACRO flatten_nothing(x) AS flatten_entry(NULL, NULL, NULL, NULL, x)`,
  `CREATE OR REPLACE MACRO flatten_entries(x, prefix, mode) AS CASE WHEN json_type(x) = 'ARRAY' AND mode <> 'OBJECT' THEN list_transform(range(CAST(json_array_length(x) AS BIGINT)), lambda i: flatten_entry(NULL, prefix || '[' || CAST(i AS VARCHAR) || ']', i, json_extract(x, '$[' || CAST(i AS VARCHAR) || ']'), x)) WHEN json_type(x) = 'OBJECT' AND mode <> 'ARRAY' THEN list_transform(json_keys(x), lambda k: flatten_entry(k, CASE WHEN prefix = '' THEN k ELSE prefix || '.' || k END, NULL, json_extract(x, '$."' || replace(k, '"', '\\"') || '"'), x)) END`,
]
