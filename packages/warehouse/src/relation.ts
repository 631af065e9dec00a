import type { ColumnType } from '@eclusa/sdk'

/** Where a table or view is. `database` defaults to the one the warehouse was opened with. */
export interface RelationName {
  readonly database?: string
  readonly schema: string
  readonly identifier: string
}

export type RelationKind = 'table' | 'view' | 'materialized_view' | 'foreign_table'

/** A relation as the warehouse's catalog lists it. */
export interface Relation {
  readonly name: Required<RelationName>
  readonly kind: RelationKind
}

/** A column as the warehouse's catalog describes it. */
export interface RelationColumn {
  readonly name: string
  /** The warehouse's own spelling: `DECIMAL(12,2)`, `character varying(20)`. */
  readonly sqlType: string
  /** The column type that this SQL type stands for; undefined when no column type maps to it. */
  readonly columnType: ColumnType | undefined
  readonly nullable: boolean
}

/** A column to create. */
export interface ColumnDefinition {
  readonly name: string
  readonly sqlType: string
  /** Default: true. */
  readonly nullable?: boolean
}
