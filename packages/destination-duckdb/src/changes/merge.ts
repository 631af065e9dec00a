import { changeOperation } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { markColumn, operationColumn, rowColumn } from './change-slots.ts'
import type { MarkPlace } from '@eclusa/warehouse/load'

/*
 * What brings changes from a delta into their table, and pieces of SQL for it. Pure.
 *
 * What a change leaves out (an update without a large value that did not change) is what the change before it says, or what
 * the table has where there is none. Changes of one row follow each other under one key, unless a change moves the row to
 * another key (`rekey`): then they are a lineage over several keys.
 */

/** A column of the table and of the delta. */
export interface MergeColumn {
  readonly name: string
  /** The stream's column whose values it holds or held; undefined for what eclusa adds, and columns made by hand. */
  readonly of: string | undefined
  /** Set when changes of this delta leave its values out. */
  readonly mark: MarkPlace | undefined
}

export interface Merge {
  readonly table: RelationName
  readonly delta: RelationName
  /** Empty in a history of rows without key. */
  readonly key: readonly string[]
  readonly columns: readonly MergeColumn[]
  /** Rows of the delta that are meant; default all of them. */
  readonly rows?: { readonly from: number; readonly before: number }
  /** `last`: of each key what the last change says. `all`: every change is a row. */
  readonly takes: 'last' | 'all'
  /** What becomes of a delete: no row, a row as the source sent it, or one with the last values of the row that is gone. */
  readonly deletes: 'removed' | 'as_sent' | 'filled'
  /** True when the table, or the delta, may hold rows that are as new as some changes after them, or newer. */
  readonly mayBeBehind: boolean
  /** True when the delta has changes of keys that leave values out. */
  readonly hasUnsentRekeys: boolean
}

export const quote = (name: string) => duckdbDialect.quoteIdentifier(name)
export const operation = quote(operationColumn.name)
export const row = quote(rowColumn.name)
export const [lsn, order, updatedAt, deletedAt, meta] = [
  '_ab_cdc_lsn',
  '_ab_cdc_order',
  '_ab_cdc_updated_at',
  '_ab_cdc_deleted_at',
  '_airbyte_meta',
] as const
export const isDelete = (alias: string) => `${alias}.${operation} = ${changeOperation.delete}`

/** How many values of a row could be found nowhere. */
export const unfoundColumn = '_eclusa_unfound'

/** True of a row of the table that is not older; rows from before the stream was replicated are older than any change. */
export function isAsNew(alias: string, than = { position: `s.${lsn}`, order: `s.${order}` }): string {
  const [position, at] = [`${alias}.${lsn}`, `${alias}.${order}`]
  return `coalesce(${position} > ${than.position} OR (${position} = ${than.position} AND ${at} >= ${than.order}), FALSE)`
}

export function isFillable({ deletes, key }: Merge, { name, of, mark }: MergeColumn): boolean {
  return mark !== undefined || (deletes === 'filled' && of !== undefined && !key.includes(name))
}

export function fillableColumns(merge: Merge): MergeColumn[] {
  return merge.columns.filter((column) => isFillable(merge, column))
}

/** Columns of a row of the table that may have what a change leaves out, and what says whether it does. */
export function baseColumns(merge: Merge, alias: string): string {
  const names = [...merge.key, ...fillableColumns(merge).map(({ name }) => name), lsn, order, deletedAt, meta]
  return [...new Set(names)].map((name) => `${alias}.${quote(name)}`).join(', ')
}

/** Of several versions of a column, one speaks for all. */
export function isFirstOf({ columns }: Merge, column: MergeColumn): boolean {
  return column.mark !== undefined && columns.find(({ of }) => of === column.of) === column
}

export function isMissing({ deletes }: Merge, column: MergeColumn): string {
  return deletes === 'filled' ? `${isDelete('s')} OR ${isUnsent(column, 's')}` : isUnsent(column, 's')
}

export function isUnsent({ mark }: MergeColumn, alias: string): string {
  if (mark === undefined) return 'FALSE'
  return `coalesce(${alias}.${quote(markColumn(mark.word).name)}, 0) & ${mark.mask} <> 0`
}

/** Numbers of the rows that are the last ones of their keys, by the name of the column that they are from. */
export function lastRows(merge: Merge & { readonly changes?: string }): string {
  const from = `FROM ${merge.changes ?? changesOf(merge)} AS d GROUP BY ${keyList(merge, 'd')}`
  if (!merge.mayBeBehind) return `SELECT max(d.${row}) AS ${row} ${from}`
  return `SELECT arg_max(d.${row}, struct_pack(p := d.${lsn}, o := d.${order}, r := d.${row})) AS ${row} ${from}`
}

/** Rows of a copy that come as changes are ahead of the log; all others are in its order as they come. */
export function inOrder(alias: string): string {
  return `${alias}.${lsn}, ${alias}.${order}, ${alias}.${row}`
}

export function changesOf({ delta, rows }: Merge): string {
  const name = duckdbDialect.formatRelation(delta)
  return rows === undefined ? name : `(SELECT * FROM ${name} WHERE ${row} >= ${rows.from} AND ${row} < ${rows.before})`
}

export function namesOf({ columns }: Pick<Merge, 'columns'>): string {
  return columns.map(({ name }) => quote(name)).join(', ')
}

export function keyList({ key }: Merge, alias: string): string {
  return key.map((name) => `${alias}.${quote(name)}`).join(', ')
}

export function sameKey({ key }: Merge, left: string, right: string): string {
  return key.map((name) => `${left}.${quote(name)} = ${right}.${quote(name)}`).join(' AND ')
}

export function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

/** True of a change that leaves something out. */
export function isAnyMissing({ deletes }: Merge, marked: readonly MergeColumn[], alias: string): string {
  const words = new Set(marked.flatMap(({ mark }) => (mark === undefined ? [] : [mark.word])))
  const unsent = [...words].map((word) => `coalesce(${alias}.${quote(markColumn(word).name)}, 0) <> 0`)
  return [...(deletes === 'filled' ? [isDelete(alias)] : []), ...unsent].join(' OR ')
}
