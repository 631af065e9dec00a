import { changeOperation } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { markColumn, operationColumn, rowColumn } from './change-slots.ts'
import type { MarkPlace } from './unchanged-marks.ts'

/*
 * SQL that brings changes from a delta into their table. Pure.
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

const quote = (name: string) => duckdbDialect.quoteIdentifier(name)
const operation = quote(operationColumn.name)
const row = quote(rowColumn.name)
const [lsn, order, updatedAt, deletedAt, meta] = [
  '_ab_cdc_lsn',
  '_ab_cdc_order',
  '_ab_cdc_updated_at',
  '_ab_cdc_deleted_at',
  '_airbyte_meta',
] as const
const isDelete = (alias: string) => `${alias}.${operation} = ${changeOperation.delete}`

/** When no change leaves anything out and the table has nothing newer: no more than one pass over the table's keys. */
export function plainMerge(merge: Merge): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const names = namesOf(merge)
  const changes = changesOf(merge)
  const conditions = [
    ...(merge.takes === 'last' && merge.key.length > 0 ? [`d.${row} IN (${lastRows(merge)})`] : []),
    ...(merge.deletes === 'removed' ? [`NOT (${isDelete('d')})`] : []),
  ]
  const insert = `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${changes} AS d${whereAll(conditions)}`
  if (merge.takes === 'all') return [insert]
  return [deleteKeys(merge, changes), insert]
}

/** In every other case: rows as they are to be, in a table of their own, because they are partly made of those they replace. */
export function resolvedMerge(merge: Merge, resolved: RelationName): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const from = duckdbDialect.formatRelation(resolved)
  const names = namesOf(merge)
  const kept = merge.deletes === 'removed' ? ` AS d WHERE NOT (${isDelete('d')})` : ''
  return [
    duckdbDialect.createTableAs(resolved, resolvedRows(merge), { temporary: true }),
    ...(merge.takes === 'last' ? [deleteKeys(merge, from)] : []),
    `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${from}${kept}`,
  ]
}

/** How many values could be found nowhere. */
export const unfoundColumn = '_eclusa_unfound'

/** All rows are gone as of that change. */
export function truncation(
  merge: Pick<Merge, 'table' | 'columns' | 'deletes' | 'mayBeBehind'>,
  at: { readonly position: bigint; readonly order: number; readonly committedAtUs: bigint },
): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const older = merge.mayBeBehind
    ? [`NOT ${isAsNew('t', { position: String(at.position), order: String(at.order) })}`]
    : []
  if (merge.deletes === 'removed') return [`DELETE FROM ${target} AS t${whereAll(older)}`]
  const time = `make_timestamp(${at.committedAtUs})::TIMESTAMPTZ`
  const replaced = new Map([
    [lsn as string, String(at.position)],
    [order, String(at.order)],
    [updatedAt, time],
    [deletedAt, time],
  ])
  const names = namesOf(merge)
  const values = merge.columns.map(({ name }) => replaced.get(name) ?? `t.${quote(name)}`).join(', ')
  const conditions = whereAll([`t.${deletedAt} IS NULL`, ...older])
  // Not UPDATE: DuckDB (1.5.6) keeps the values before an update in memory until the commit.
  return [
    `INSERT INTO ${target} (${names}) SELECT ${values} FROM ${target} AS t${conditions}`,
    `DELETE FROM ${target} AS t${conditions}`,
  ]
}

function deleteKeys(merge: Merge, from: string): string {
  const target = duckdbDialect.formatRelation(merge.table)
  return `DELETE FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${from} AS s WHERE ${sameKey(merge, 't', 's')})`
}

function resolvedRows(merge: Merge): string {
  const marked = merge.columns.filter((column) => isFillable(merge, column))
  const own = merge.columns.map((column) => `${resolvedValue(merge, column)} AS ${quote(column.name)}`)
  const steps = [
    `changes AS (SELECT * FROM ${changesOf(merge)})`,
    ...lineages(merge),
    `filled AS (${filledRows(merge, marked)})`,
    `found AS (${foundRows(merge, marked)})`,
  ]
  return `WITH RECURSIVE ${steps.join(', ')}
SELECT ${[...own, `s.${operation}`, `${unfoundCount(merge, marked)} AS ${unfoundColumn}`].join(', ')} FROM found AS s`
}

/** Each change with, for each column that may be left out, the last value that a change of its row brought. */
function filledRows(merge: Merge, marked: readonly MergeColumn[]): string {
  if (merge.key.length === 0 || marked.length === 0) return 'SELECT * FROM changes'
  const partition = merge.hasUnsentRekeys ? 'l.root' : keyList(merge, 'd')
  const values = marked.map((column, index) => {
    const sent = `CASE WHEN NOT (${isDelete('d')} OR ${isUnsent(column, 'd')}) THEN ${valueOf(column, 'd')} END`
    return `last_value(${sent} IGNORE NULLS) OVER w AS _eclusa_filled_${index}`
  })
  const baseKey = merge.key.map((name, index) =>
    merge.hasUnsentRekeys ? `l.base_${index} AS _eclusa_base_${index}` : `d.${quote(name)} AS _eclusa_base_${index}`,
  )
  const windowed = (from: string) => `SELECT ${['d.*', ...baseKey, ...values].join(', ')} FROM ${from}
WINDOW w AS (PARTITION BY ${partition} ORDER BY ${inOrder('d')} ROWS UNBOUNDED PRECEDING)`
  if (merge.hasUnsentRekeys) return windowed(`changes AS d JOIN lineage AS l ON l.r = d.${row}`)
  // A window costs by the key, and most keys need none.
  const isNeeded = `EXISTS (SELECT 1 FROM changes AS f WHERE ${sameKey(merge, 'f', 'd')} AND (${isAnyMissing(merge, marked)}))`
  return `${windowed(`changes AS d WHERE ${isNeeded}`)}
UNION ALL BY NAME SELECT ${['d.*', ...baseKey].join(', ')} FROM changes AS d WHERE NOT ${isNeeded}`
}

/** A value, and what `_airbyte_meta` of its row says beyond the usual. */
function valueOf({ name }: Pick<MergeColumn, 'name'>, alias: string): string {
  const text = `${alias}.${meta}::VARCHAR`
  return `struct_pack(v := ${alias}.${quote(name)}, m := CASE WHEN ${text} NOT LIKE '%"changes":[]}' THEN ${text} END)`
}

function resolvedValue(merge: Merge, column: MergeColumn): string {
  const own = `s.${quote(column.name)}`
  const marked = merge.columns.filter((one) => isFillable(merge, one))
  if (column.name === meta) return resolvedMeta(merge, marked)
  if (!isFillable(merge, column)) return own
  if (merge.key.length === 0) return `CASE WHEN NOT (${isUnsent(column, 's')}) THEN ${own} END`
  const found = foundValue(marked.indexOf(column))
  const without = merge.deletes === 'filled' ? `WHEN ${isDelete('s')} THEN ${own} ` : ''
  return `CASE WHEN NOT (${isMissing(merge, column)}) THEN ${own} WHEN ${found} IS NOT NULL THEN (${found}).v ${without}END`
}

function foundValue(index: number): string {
  return `s._eclusa_found_${index}`
}

/** What is said of a value goes with it; and of a value that nobody knows, that much is said. */
function resolvedMeta(merge: Merge, marked: readonly MergeColumn[]): string {
  if (marked.length === 0) return `s.${meta}`
  const entries = marked.map((column, index) => entriesOf(merge, column, index))
  const added = `list_concat(${['[]::VARCHAR[]', ...entries].join(', ')})`
  const text = `s.${meta}::VARCHAR`
  const joined = `substr(${text}, 1, length(${text}) - 2) || CASE WHEN ${text} LIKE '%"changes":[]}' THEN '' ELSE ',' END`
  return `(CASE WHEN len(${added}) = 0 THEN ${text} ELSE ${joined} || array_to_string(${added}, ',') || ']}' END)::JSON`
}

function entriesOf(merge: Merge, column: MergeColumn, index: number): string {
  const none = '[]::VARCHAR[]'
  const unfound = isFirstOf(merge, column) ? `[${duckdbDialect.quoteLiteral(unfoundEntry(column.of!))}]` : none
  const missing = `CASE WHEN NOT (${isMissing(merge, column)}) THEN ${none}`
  if (merge.key.length === 0) return `${missing} ELSE ${unfound} END`
  const found = foundValue(index)
  const field = duckdbDialect.quoteLiteral(column.of ?? column.name)
  const isOfField = `lambda e: e->>'field' = ${field}`
  const told = `list_transform(list_filter(json_extract((${found}).m, '$.changes[*]'), ${isOfField}), lambda e: e::VARCHAR)`
  return `${missing} WHEN ${found} IS NOT NULL THEN coalesce(${told}, ${none}) WHEN ${isDelete('s')} THEN ${none} ELSE ${unfound} END`
}

/** The entry of `_airbyte_meta.changes` for a value that was not sent, and is not in the warehouse either. */
export function unfoundEntry(column: string): string {
  const detail = 'the source did not send the value, which had not changed, and no earlier row holds it'
  return JSON.stringify({ field: column, change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR', detail })
}

function unfoundCount(merge: Merge, marked: readonly MergeColumn[]): string {
  const counts = marked.flatMap((column, index) => {
    if (!isFirstOf(merge, column)) return []
    const isUnfound = merge.key.length === 0 ? '' : ` AND ${foundValue(index)} IS NULL`
    return [`(${isUnsent(column, 's')}${isUnfound})::INTEGER`]
  })
  return counts.length === 0 ? '0' : counts.join(' + ')
}

/**
 * Changes that count, with what their rows had before: from a change, else from the table. Joins are by keys alone, and what
 * else must hold is looked at afterwards: with more conditions DuckDB (1.5.6) compares each row with each.
 */
function foundRows(merge: Merge, marked: readonly MergeColumn[]): string {
  const isFilled = merge.key.length > 0 && marked.length > 0
  const isGuarded = merge.mayBeBehind && merge.takes === 'last'
  // Older than the change, and, but for a delete, not deleted itself.
  const isBase = [
    't._eclusa_is_there',
    `(t.${deletedAt} IS NULL OR ${isDelete('s')})`,
    ...(merge.mayBeBehind ? [`NOT ${isAsNew('t')}`] : []),
  ]
  const found = marked.map((column, index) => {
    const base = `CASE WHEN ${isBase.join(' AND ')} THEN ${valueOf(column, 't')} END`
    return `coalesce(s._eclusa_filled_${index}, ${base}) AS _eclusa_found_${index}`
  })
  const conditions = [
    ...(merge.takes === 'last' ? [`s.${row} IN (${lastRows({ ...merge, changes: 'changes' })})`] : []),
    ...(isGuarded ? [`NOT ${isAsNew('n')}`] : []),
  ]
  const joins = [...(isFilled ? [baseJoin(merge, marked)] : []), ...(isGuarded ? [guardJoin(merge)] : [])]
  return `SELECT ${['s.*', ...(isFilled ? found : [])].join(', ')} FROM filled AS s${joins.join('')}${whereAll(conditions)}`
}

/** Rows of the table whose keys have changes that leave something out: few of them, so that little has to be joined. */
function baseJoin(merge: Merge, marked: readonly MergeColumn[]): string {
  const target = duckdbDialect.formatRelation(merge.table)
  const names = new Set([...merge.key, ...marked.map(({ name }) => name), lsn, order, deletedAt, meta])
  const values = [...names].map((name) => `t.${quote(name)}`).join(', ')
  const isBase = (change: string) =>
    merge.key.map((name, index) => `t.${quote(name)} = ${change}._eclusa_base_${index}`).join(' AND ')
  // A history has many rows of one key.
  const last = `
  QUALIFY row_number() OVER (PARTITION BY ${keyList(merge, 't')} ORDER BY t.${lsn} DESC NULLS LAST, t.${order} DESC NULLS LAST) = 1`
  return `
LEFT JOIN (SELECT TRUE AS _eclusa_is_there, ${values} FROM ${target} AS t
  WHERE EXISTS (SELECT 1 FROM filled AS f WHERE ${isBase('f')} AND (${isAnyMissing(merge, marked)}))${merge.takes === 'all' ? last : ''}) AS t
ON ${isBase('s')}`
}

/** True of a change `f` that leaves something out. */
function isAnyMissing({ deletes }: Merge, marked: readonly MergeColumn[]): string {
  const words = new Set(marked.flatMap(({ mark }) => (mark === undefined ? [] : [mark.word])))
  const unsent = [...words].map((word) => `coalesce(f.${quote(markColumn(word).name)}, 0) <> 0`)
  return [...(deletes === 'filled' ? [isDelete('f')] : []), ...unsent].join(' OR ')
}

function guardJoin(merge: Merge): string {
  const target = duckdbDialect.formatRelation(merge.table)
  return `
LEFT JOIN (SELECT ${keyList(merge, 'n')}, n.${lsn}, n.${order} FROM ${target} AS n) AS n ON ${sameKey(merge, 'n', 's')}`
}

/*
 * A segment is what one key lives through from an insert, or from a change of key that leads to it, to a delete; its number
 * is that of its first row. A change of key goes on with the segment that the delete in the row before it has ended.
 */
function lineages(merge: Merge): string[] {
  if (!merge.hasUnsentRekeys) return []
  const key = keyList(merge, 'd')
  const starts = `${operation} IN (${changeOperation.insert}, ${changeOperation.rekey})`
  const keys = merge.key.map((name, index) => `d.${quote(name)} AS key_${index}`).join(', ')
  const bases = merge.key.map((_, index) => `b.key_${index} AS base_${index}`).join(', ')
  return [
    `segments AS (SELECT d.${row} AS r, d.${operation} AS operation, ${keys}, coalesce(
  last_value(CASE WHEN d.${starts} THEN d.${row} END IGNORE NULLS) OVER lives,
  first_value(d.${row}) OVER lives) AS segment FROM changes AS d
  WINDOW lives AS (PARTITION BY ${key} ORDER BY ${inOrder('d')} ROWS UNBOUNDED PRECEDING))`,
    `parents AS (SELECT s.r AS segment, p.segment AS parent FROM segments AS s JOIN segments AS p ON p.r = s.r - 1
  WHERE s.operation = ${changeOperation.rekey})`,
    `roots AS (SELECT DISTINCT s.segment, s.segment AS root FROM segments AS s
  WHERE NOT EXISTS (SELECT 1 FROM parents AS p WHERE p.segment = s.segment)
  UNION ALL SELECT p.segment, r.root FROM parents AS p JOIN roots AS r ON p.parent = r.segment)`,
    `lineage AS (SELECT s.r, r.root, ${bases} FROM segments AS s JOIN roots AS r ON r.segment = s.segment
  JOIN segments AS b ON b.r = r.root)`,
  ]
}

/** True of a row of the table that is not older; rows from before the stream was replicated are older than any change. */
function isAsNew(alias: string, than = { position: `s.${lsn}`, order: `s.${order}` }): string {
  const [position, at] = [`${alias}.${lsn}`, `${alias}.${order}`]
  return `coalesce(${position} > ${than.position} OR (${position} = ${than.position} AND ${at} >= ${than.order}), FALSE)`
}

function isFillable({ deletes, key }: Merge, { name, of, mark }: MergeColumn): boolean {
  return mark !== undefined || (deletes === 'filled' && of !== undefined && !key.includes(name))
}

/** Of several versions of a column, one speaks for all. */
function isFirstOf({ columns }: Merge, column: MergeColumn): boolean {
  return column.mark !== undefined && columns.find(({ of }) => of === column.of) === column
}

function isMissing({ deletes }: Merge, column: MergeColumn): string {
  return deletes === 'filled' ? `${isDelete('s')} OR ${isUnsent(column, 's')}` : isUnsent(column, 's')
}

function isUnsent({ mark }: MergeColumn, alias: string): string {
  if (mark === undefined) return 'FALSE'
  return `coalesce(${alias}.${quote(markColumn(mark.word).name)}, 0) & ${mark.mask} <> 0`
}

function lastRows(merge: Merge & { readonly changes?: string }): string {
  const from = `FROM ${merge.changes ?? changesOf(merge)} AS d GROUP BY ${keyList(merge, 'd')}`
  if (!merge.mayBeBehind) return `SELECT max(d.${row}) ${from}`
  return `SELECT arg_max(d.${row}, struct_pack(p := d.${lsn}, o := d.${order}, r := d.${row})) ${from}`
}

/** Rows of a copy that come as changes are ahead of the log; all others are in its order as they come. */
function inOrder(alias: string): string {
  return `${alias}.${lsn}, ${alias}.${order}, ${alias}.${row}`
}

function changesOf({ delta, rows }: Merge): string {
  const name = duckdbDialect.formatRelation(delta)
  return rows === undefined ? name : `(SELECT * FROM ${name} WHERE ${row} >= ${rows.from} AND ${row} < ${rows.before})`
}

function namesOf({ columns }: Pick<Merge, 'columns'>): string {
  return columns.map(({ name }) => quote(name)).join(', ')
}

function keyList({ key }: Merge, alias: string): string {
  return key.map((name) => `${alias}.${quote(name)}`).join(', ')
}

function sameKey({ key }: Merge, left: string, right: string): string {
  return key.map((name) => `${left}.${quote(name)} = ${right}.${quote(name)}`).join(' AND ')
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}
