import { duckdbDialect } from '@eclusa/warehouse'
import {
  baseColumns,
  changesOf,
  deletedAt,
  fillableColumns,
  isAnyMissing,
  isAsNew,
  isDelete,
  isFillable,
  isMissing,
  isUnsent,
  keyList,
  lsn,
  meta,
  operation,
  order,
  quote,
  row,
  sameKey,
  unfoundColumn,
} from './merge.ts'
import type { Merge, MergeColumn } from './merge.ts'

/*
 * The common case of filled-rows.ts: a row that leaves something out is the only change of its key, its row in the table has
 * what is left out, and nothing is said there of any value. Few commits that are made while a run follows have another case,
 * and planning the statement for all of them took DuckDB (1.5.6) 17 to 55 ms longer than this one. In large ones this
 * spills what does not fit into memory, as windows do not.
 */

/** 1 of a row that is another case: `filledRows` is to be asked about its key. */
export const unresolvedColumn = '_eclusa_unresolved'

/** False where the statement would not be right even though no row is unresolved. */
export function areLone({ key, takes, hasUnsentRekeys }: Merge): boolean {
  return key.length > 0 && takes === 'last' && !hasUnsentRekeys
}

/** Rows of the delta as they are to be in the table; `unresolvedColumn` is not 0 in those that are not. */
export function loneRows(merge: Merge): string {
  const marked = fillableColumns(merge)
  const values = merge.columns.map((column) => `${valueOf(merge, column)} AS ${quote(column.name)}`)
  const lastRow = merge.mayBeBehind
    ? `arg_max(d.${row}, struct_pack(p := d.${lsn}, o := d.${order}, r := d.${row}))`
    : `max(d.${row})`
  return `WITH changes AS (SELECT * FROM ${changesOf(merge)})
SELECT ${[...values, `s.${operation}`, `0 AS ${unfoundColumn}`, `(${isUnresolved(merge, marked)})::INTEGER AS ${unresolvedColumn}`].join(', ')}
FROM changes AS s
JOIN (SELECT ${lastRow} AS last_row, count(*) AS change_count FROM changes AS d GROUP BY ${keyList(merge, 'd')}) AS l
ON l.last_row = s.${row}
LEFT JOIN (SELECT TRUE AS _eclusa_is_there, ${baseColumns(merge, 't')} FROM ${duckdbDialect.formatRelation(merge.table)} AS t) AS t
ON ${sameKey(merge, 't', 's')}${merge.mayBeBehind ? ` WHERE NOT ${isAsNew('t')}` : ''}`
}

function valueOf(merge: Merge, column: MergeColumn): string {
  const own = `s.${quote(column.name)}`
  if (!isFillable(merge, column)) return own
  return `CASE WHEN NOT (${isMissing(merge, column)}) OR t._eclusa_is_there IS NULL THEN ${own} ELSE t.${quote(column.name)} END`
}

function isUnresolved(merge: Merge, marked: readonly MergeColumn[]): string {
  if (marked.length === 0) return 'FALSE'
  const isAnyUnsent = marked.filter(({ mark }) => mark !== undefined).map((column) => isUnsent(column, 's'))
  // A row that is deleted has nothing for one that comes back; nor has one that is not there.
  const lacksBase = `t._eclusa_is_there IS NULL OR t.${deletedAt} IS NOT NULL`
  const cases = [
    `(${isAnyMissing(merge, marked, 's')}) AND (l.change_count > 1 OR t.${meta}::VARCHAR NOT LIKE '%"changes":[]}')`,
    ...(isAnyUnsent.length > 0 ? [`NOT (${isDelete('s')}) AND (${isAnyUnsent.join(' OR ')}) AND (${lacksBase})`] : []),
  ]
  return cases.map((one) => `coalesce(${one}, FALSE)`).join(' OR ')
}
