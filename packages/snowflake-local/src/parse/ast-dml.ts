import type { Expression, Identifier, ObjectName } from './ast-expression.ts'
import type { Options } from './ast-option.ts'
import type { Query, TableAlias, TableExpression } from './ast-query.ts'

export interface Assignment {
  readonly column: Identifier
  readonly value: Expression
}

export interface Insert {
  readonly kind: 'insert'
  readonly table: ObjectName
  readonly overwrite: boolean
  readonly columns: readonly Identifier[]
  readonly source: Query
}

export interface InsertTarget {
  readonly table: ObjectName
  readonly columns: readonly Identifier[]
  /** Nothing: all columns of the query. */
  readonly values: readonly Expression[] | undefined
}

export interface InsertAll {
  readonly kind: 'insertAll'
  readonly overwrite: boolean
  /** FIRST: only the first branch whose condition holds. */
  readonly first: boolean
  readonly branches: readonly { readonly when: Expression | undefined; readonly into: readonly InsertTarget[] }[]
  readonly otherwise: readonly InsertTarget[]
  readonly source: Query
}

export interface Update {
  readonly kind: 'update'
  readonly table: ObjectName
  readonly alias: TableAlias | undefined
  readonly set: readonly Assignment[]
  readonly from: TableExpression | undefined
  readonly where: Expression | undefined
}

export interface Delete {
  readonly kind: 'delete'
  readonly table: ObjectName
  readonly alias: TableAlias | undefined
  readonly using: TableExpression | undefined
  readonly where: Expression | undefined
}

export type MergeBranch = { readonly condition: Expression | undefined } & (
  | { readonly kind: 'update'; readonly set: readonly Assignment[] }
  | { readonly kind: 'delete' }
  | { readonly kind: 'insert'; readonly columns: readonly Identifier[]; readonly values: readonly Expression[] }
)

export interface Merge {
  readonly kind: 'merge'
  readonly table: ObjectName
  readonly alias: TableAlias | undefined
  readonly using: TableExpression
  readonly on: Expression
  readonly branches: readonly MergeBranch[]
}

export interface Truncate {
  readonly kind: 'truncate'
  readonly table: ObjectName
  readonly ifExists: boolean
}

export interface CopyIntoTable {
  readonly kind: 'copyIntoTable'
  readonly table: ObjectName
  readonly columns: readonly Identifier[]
  /** A location, or a query over one whose FROM is a stage. */
  readonly source: { readonly kind: 'stage'; readonly location: string } | Query
  /** FILES, PATTERN, FILE_FORMAT, ON_ERROR, PURGE, FORCE, MATCH_BY_COLUMN_NAME, VALIDATION_MODE, … */
  readonly options: Options
}

export interface CopyIntoLocation {
  readonly kind: 'copyIntoLocation'
  readonly location: string
  readonly source: { readonly kind: 'table'; readonly name: ObjectName } | Query
  readonly partitionBy: Expression | undefined
  readonly options: Options
}

/** PUT, GET, LIST and REMOVE. Locations stand without the `@`. */
export type FileStatement =
  | {
      readonly kind: 'put' | 'get'
      readonly localPath: string
      /** The Python connector gives it as a bind. */
      readonly location: string | { readonly bind: number }
      readonly options: Options
    }
  | { readonly kind: 'list' | 'remove'; readonly location: string; readonly options: Options }

export type DmlStatement =
  | Insert
  | InsertAll
  | Update
  | Delete
  | Merge
  | Truncate
  | CopyIntoTable
  | CopyIntoLocation
  | FileStatement
