import { compilationError } from '../engine/sql-error.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import type { TypedSql } from '../function/function-rule.ts'

/** A column that can be named in an expression. */
export interface BoundColumn {
  readonly name: string
  readonly type: SqlType
  readonly sql: string
  readonly nullable: boolean
}

/** A table, view or derived table of FROM under the name it can be called by. */
export interface BoundRelation {
  /** Alias, or the parts of the table's name. */
  readonly name: readonly string[]
  readonly columns: readonly BoundColumn[]
}

export interface Scope {
  readonly relations: readonly BoundRelation[]
  /** Merged columns of USING, which stand before all others. */
  readonly merged: readonly BoundColumn[]
  /** Of the query around a subquery. */
  readonly outer: Scope | undefined
  /** Aliases of the select list so far, for what is written behind them. */
  readonly aliases: ReadonlyMap<string, TypedSql>
  /** Parameters of lambdas. */
  readonly parameters?: ReadonlyMap<string, TypedSql>
}

export const emptyScope: Scope = { relations: [], merged: [], outer: undefined, aliases: new Map() }

/** The column that a name means, in this scope or the next around it that has one. */
export function findColumn(scope: Scope, parts: readonly string[]): BoundColumn | TypedSql | undefined {
  for (let current: Scope | undefined = scope; current !== undefined; current = current.outer) {
    const found = findHere(current, parts)
    if (found !== undefined) return found
  }
  return undefined
}

function findHere(scope: Scope, parts: readonly string[]): BoundColumn | TypedSql | undefined {
  const name = parts.at(-1) ?? ''
  const qualifier = parts.slice(0, -1)
  if (qualifier.length > 0) {
    const relation = findRelation(scope, qualifier)
    return relation?.columns.find((column) => column.name === name)
  }
  const parameter = scope.parameters?.get(name)
  if (parameter !== undefined) return parameter
  const merged = scope.merged.find((column) => column.name === name)
  if (merged !== undefined) return merged
  const found = scope.relations.flatMap((relation) => relation.columns.filter((column) => column.name === name))
  if (found.length > 1) throw compilationError('000979', '42601', `ambiguous column name '${name}'`)
  // A column of a table hides an alias of the same name.
  return found[0] ?? scope.aliases.get(name)
}

/** The relation whose alias it is, or whose name ends so. */
export function findRelation(scope: Scope, qualifier: readonly string[]): BoundRelation | undefined {
  return scope.relations.find(
    ({ name }) =>
      qualifier.length <= name.length &&
      qualifier.every((part, index) => part === name[name.length - qualifier.length + index]),
  )
}
