import type { SqlValue } from '@eclusa/sdk'
import type { ColumnDifference } from './column-pairs.ts'

/** One row that differs. Its values are shown to who asked for them, and written nowhere. */
export interface SampleRow {
  readonly kind: 'added' | 'removed' | 'changed'
  /** By column. Of a changed row, those of its key. */
  readonly values: Readonly<Record<string, SqlValue>>
  /** Of a changed row, the columns that differ. */
  readonly changes?: Readonly<Record<string, { readonly before: SqlValue; readonly after: SqlValue }>>
}

/** How the rows of two relations differ. Rows of equal key are one row; without a key, equal rows are. */
export interface RowDifference {
  readonly before: number
  readonly after: number
  readonly added: number
  readonly removed: number
  /** Always 0 without a key. */
  readonly changed: number
  /** In how many rows each column differs; columns that differ nowhere are left out. */
  readonly changedColumns: Readonly<Record<string, number>>
  readonly sample: readonly SampleRow[]
}

export interface ModelDifference {
  readonly columns: ColumnDifference
  /** Columns that tell which rows are one; empty where whole rows are compared. */
  readonly key: readonly string[]
  /** Why whole rows are compared. */
  readonly note: string | undefined
  readonly rows: RowDifference
}

export function isDifferent({ columns: { added, removed, retyped }, rows }: ModelDifference): boolean {
  return added.length + removed.length + retyped.length + rows.added + rows.removed + rows.changed > 0
}
