import type { ColumnType } from '@eclusa/sdk'
import { isSameColumnType } from '../column-widening.ts'
import type { Dialect } from '../dialect.ts'
import type { RelationColumn } from '../relation.ts'

/** How a warehouse names and types what is loaded into it. */
export interface TableRules {
  readonly dialect: Dialect
  /** As its makers call it: `DuckDB`. */
  readonly warehouseName: string
  /** Two names are one name in the warehouse when these are equal. Names of eclusa's own columns stay as they are. */
  readonly fold: (name: string) => string
  /** The name in the warehouse of what is called so at the source, or by eclusa. */
  readonly nameOf: (name: string) => string
  /** Whether a column can change to a type that `isWidening` without being written anew. */
  readonly widensInPlace: (from: ColumnType, to: ColumnType) => boolean
}

/** Folds ASCII letters and no others. */
export function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** What the warehouse has in the place of a type: the same type, where it has it. */
export function homeTypeOf({ dialect }: TableRules, type: ColumnType): ColumnType {
  return dialect.columnTypeOf(dialect.sqlTypeOf(type)) ?? type
}

/** Whether a column that is there has the type that one for these values would get. */
export function isOfType(rules: TableRules, { sqlType, columnType }: RelationColumn, type: ColumnType): boolean {
  if (sqlType === rules.dialect.sqlTypeOf(type)) return true
  return columnType !== undefined && isSameColumnType(columnType, homeTypeOf(rules, type))
}
