import { changeOperation } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { MarkPlace, TableRules } from '@eclusa/warehouse/load'

/*
 * What brings rows from a staging table into their table, and pieces of SQL for it. Pure.
 *
 * What a change leaves out (an update without a large value that did not change) is what the change before it says, or what
 * the table has where there is none. Changes of one row follow each other under one key, unless a change moves the row to
 * another key (`rekey`): then they are a lineage over several keys.
 */

/** A column of the table and of the staging table. */
export interface MergeColumn {
  readonly name: string
  /** The stream's column whose values it holds or held; undefined for what eclusa adds, and columns made by hand. */
  readonly of: string | undefined
  /** Set when changes leave its values out. */
  readonly mark: MarkPlace | undefined
}

export interface Merge {
  /** Tables as SQL names them. */
  readonly table: string
  readonly staging: string
  /** Names in the table; empty in a history of rows without key. */
  readonly key: readonly string[]
  readonly columns: readonly MergeColumn[]
  readonly names: ChangeNames
  /** Rows of the staging table that are meant; default all of them. */
  readonly rows?: { readonly from: number; readonly before: number }
  /** `last`: of each key what the last change says. `all`: every change is a row. */
  readonly takes: 'last' | 'all'
  /** What becomes of a delete: no row, a row as the source sent it, or one with the last values of the row that is gone. */
  readonly deletes: 'removed' | 'as_sent' | 'filled'
  /** True when there are changes of keys that leave values out. */
  readonly hasUnsentRekeys: boolean
  /** What the keys of the rows lie between, so that Snowflake reads no other part of the table. */
  readonly keyRange: readonly KeyBounds[]
}

/** Bounds as SQL. */
export interface KeyBounds {
  readonly column: string
  readonly min: string
  readonly max: string
}

/** Quoted names of columns that tell where a row's change stands. */
export interface ChangeNames {
  readonly lsn: string
  readonly order: string
  readonly updatedAt: string
  readonly deletedAt: string
  readonly meta: string
  readonly rawId: string
}

export function changeNames({ nameOf }: TableRules): ChangeNames {
  const named = (name: string) => quote(nameOf(name))
  return {
    lsn: named('_ab_cdc_lsn'),
    order: named('_ab_cdc_order'),
    updatedAt: named('_ab_cdc_updated_at'),
    deletedAt: named('_ab_cdc_deleted_at'),
    meta: named('_airbyte_meta'),
    rawId: named('_airbyte_raw_id'),
  }
}

export const quote = (name: string) => snowflakeDialect.quoteIdentifier(name)
/** Columns that the staging table has beyond those of its table, named as in the files. */
export const operationName = '_eclusa_operation'
/** Counts the rows in the order in which they came: the row before a rekey is the delete of its old key. */
export const rowName = '_eclusa_row'
export const markName = (word: number) => `_eclusa_unchanged_${word}`
/** How many values of a row could be found nowhere. */
export const unfoundName = '_eclusa_unfound'
export const operation = quote(operationName)
export const row = quote(rowName)
export const unfound = quote(unfoundName)

export const isDelete = (alias: string) => `${alias}.${operation} = ${changeOperation.delete}`

/** True of a row of the table that is older; rows from before the stream was replicated are older than any change. */
export function isOlder(
  { lsn, order }: ChangeNames,
  alias: string,
  than = { position: `s.${lsn}`, order: `s.${order}` },
): string {
  const [position, at] = [`${alias}.${lsn}`, `${alias}.${order}`]
  return `(${position} IS NULL OR ${position} < ${than.position} OR (${position} = ${than.position} AND ${at} < ${than.order}))`
}

export function isFillable({ deletes, key }: Merge, { name, of, mark }: MergeColumn): boolean {
  return mark !== undefined || (deletes === 'filled' && of !== undefined && !key.includes(name))
}

export function fillableColumns(merge: Merge): MergeColumn[] {
  return merge.columns.filter((column) => isFillable(merge, column))
}

/** Of several versions of a column, one speaks for all. */
export function isFirstOf({ columns }: Merge, column: MergeColumn): boolean {
  return column.mark !== undefined && columns.find(({ of }) => of === column.of) === column
}

export function isUnsent({ mark }: MergeColumn, alias: string): string {
  if (mark === undefined) return 'FALSE'
  return `BITAND(COALESCE(${alias}.${quote(markName(mark.word))}, 0), ${mark.mask}) <> 0`
}

export function isMissing({ deletes }: Merge, column: MergeColumn, alias = 's'): string {
  return deletes === 'filled' ? `(${isDelete(alias)} OR ${isUnsent(column, alias)})` : isUnsent(column, alias)
}

/** Rows of a copy that come as changes are ahead of the log; all others are in its order as they come. */
export function inOrder({ names: { lsn, order } }: Merge, alias: string, direction = ''): string {
  return [`${alias}.${lsn}`, `${alias}.${order}`, `${alias}.${row}`].map((name) => `${name}${direction}`).join(', ')
}

/** Keeps the last row of each key. */
export function isLast(merge: Merge, alias: string): string {
  return `ROW_NUMBER() OVER (PARTITION BY ${keyList(merge, alias)} ORDER BY ${inOrder(merge, alias, ' DESC')}) = 1`
}

export function rowRange({ rows }: Merge, alias: string): string {
  return rows === undefined ? '' : ` WHERE ${alias}.${row} >= ${rows.from} AND ${alias}.${row} < ${rows.before}`
}

export function nameList({ columns }: Pick<Merge, 'columns'>, alias?: string): string {
  return columns.map(({ name }) => (alias === undefined ? quote(name) : `${alias}.${quote(name)}`)).join(', ')
}

export function keyList({ key }: Merge, alias: string): string {
  return key.map((name) => `${alias}.${quote(name)}`).join(', ')
}

export function sameKey({ key }: Pick<Merge, 'key'>, left: string, right: string): string {
  return key.map((name) => `${left}.${quote(name)} = ${right}.${quote(name)}`).join(' AND ')
}

/** Conditions on the table alone, by literals: what Snowflake needs to leave parts of it unread. */
export function withinKeys({ keyRange }: Pick<Merge, 'keyRange'>, alias: string): string[] {
  return keyRange.map(({ column, min, max }) => `${alias}.${quote(column)} BETWEEN ${min} AND ${max}`)
}
