import { compilationError, invalidIdentifier, unsupportedFeature } from '../engine/sql-error.ts'
import { text } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { Expression } from '../parse/ast-expression.ts'
import type { Pivot, Unpivot } from '../parse/ast-query.ts'
import { castSql } from './cast.ts'
import { commonTypeOf } from './common-type.ts'
import { compareSql } from './comparison.ts'
import { findColumn } from './scope.ts'
import type { BoundColumn, Scope } from './scope.ts'
import { quoteText } from './sql-text.ts'
import type { BoundQuery, Translator } from './translator.ts'

interface Source {
  readonly sql: string
  readonly scope: Scope
}

/** Grouped by every column that is neither summed up nor spread; each value spread is an aggregate over its own rows. */
export function translatePivot(translator: Translator, pivot: Pivot, { sql, scope }: Source): BoundQuery {
  if (pivot.from !== undefined) throw unsupportedFeature('PIVOT over values that are not listed')
  const [operand] = pivot.aggregate.arguments
  if (operand?.kind !== 'column') throw compilationError('001003', '42000', 'PIVOT needs an aggregate of one column.')
  const spread = findColumn(scope, [pivot.column])
  if (spread === undefined) throw invalidIdentifier(pivot.column)
  const used = new Set([pivot.column, operand.name.parts.at(-1)])
  const kept = scope.relations.flatMap(({ columns }) => columns.filter(({ name }) => !used.has(name)))
  const values = pivot.values.map(({ value, alias }) => {
    const key = translator.expression(value, scope)
    const name = alias ?? (value.kind === 'string' ? `'${value.value}'` : (key.literal ?? ''))
    return { ...aggregateWhere(translator, pivot, compareSql('=', spread, key), scope), name }
  })
  const outputs = [...kept, ...values]
  const keys = kept.map((column) => column.sql).join(', ')
  return {
    sql: `SELECT ${outputs.map((output, index) => `${output.sql} AS c${index + 1}`).join(', ')} FROM ${sql}${keys === '' ? '' : ` GROUP BY ${keys}`}`,
    columns: outputs.map(({ name, type }) => ({ name, type, nullable: true })),
  }
}

function aggregateWhere(translator: Translator, pivot: Pivot, test: string, scope: Scope): TypedSql {
  const [operand] = pivot.aggregate.arguments
  if (operand === undefined) throw compilationError('001003', '42000', 'PIVOT needs an aggregate of one column.')
  const value = translator.expression(operand, scope)
  // The operand is hidden behind a parameter, so that the function's own rule writes the aggregate.
  const hidden: Expression = { kind: 'column', name: { parts: ['operand'], at: 0 }, quoted: true }
  const parameters = new Map([['operand', { sql: `CASE WHEN ${test} THEN ${value.sql} END`, type: value.type }]])
  const result = translator.expression({ ...pivot.aggregate, arguments: [hidden] }, { ...scope, parameters })
  if (pivot.defaultOnNull === undefined) return result
  const otherwise = translator.expression(pivot.defaultOnNull, scope)
  return { sql: `coalesce(${result.sql}, ${castSql(otherwise, result.type)})`, type: result.type }
}

export function translateUnpivot(translator: Translator, unpivot: Unpivot, { sql, scope }: Source): BoundQuery {
  const used = new Set(unpivot.columns.map(({ name }) => name))
  const all = scope.relations.flatMap(({ columns }) => columns)
  const kept = all.filter(({ name }) => !used.has(name))
  const folded = unpivot.columns.map(({ name, alias }) => {
    const column = all.find((candidate) => candidate.name === name)
    if (column === undefined) throw invalidIdentifier(name)
    return { column, label: alias ?? name }
  })
  const type = commonTypeOf(folded.map(({ column }) => column.type))
  const length = Math.max(...folded.map(({ label }) => label.length))
  const pairs = folded.map(({ column, label }) => `{name: ${quoteText(label)}, value: ${castSql(column, type)}}`)
  const alias = translator.fresh('u')
  const list = kept.map(({ sql: column }: BoundColumn, index) => `${column} AS k${index + 1}`)
  const columns = [
    ...kept.map(({ name, type: kind, nullable }) => ({ name, type: kind, nullable })),
    { name: unpivot.nameColumn, type: text(length), nullable: true },
    { name: unpivot.valueColumn, type, nullable: true },
  ]
  const outputs = [...kept.map((_, index) => `${alias}.k${index + 1}`), `${alias}.pair.name`, `${alias}.pair.value`]
  const where = unpivot.includeNulls ? '' : ` WHERE ${alias}.pair.value IS NOT NULL`
  return {
    sql: `SELECT ${outputs.map((output, index) => `${output} AS c${index + 1}`).join(', ')} FROM (SELECT ${[...list, `unnest([${pairs.join(', ')}]) AS pair`].join(', ')} FROM ${sql}) AS ${alias}${where}`,
    columns,
  }
}
