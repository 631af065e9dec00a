import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { changeOperation } from '@eclusa/sdk'
import {
  baseColumns,
  changesOf,
  deletedAt,
  fillableColumns,
  inOrder,
  isAnyMissing,
  isAsNew,
  isDelete,
  isFillable,
  isFirstOf,
  isMissing,
  isUnsent,
  keyList,
  lastRows,
  lsn,
  meta,
  operation,
  order,
  quote,
  row,
  sameKey,
  unfoundColumn,
  whereAll,
} from './merge.ts'
import type { Merge, MergeColumn } from './merge.ts'

/*
 * What changes leave out is looked for among the changes before them in the delta, and then in the table, with what
 * `_airbyte_meta` says of it.
 */

/** A part of the changes, with all changes of each row that it has: large deltas are filled in parts. */
export interface Part {
  readonly index: number
  readonly count: number
  /** Where `lineageRows` were put; not looked at in merges without them. */
  readonly lineage: RelationName
}

interface Filling {
  /** Rows whose keys alone are meant. Default: all. */
  readonly among?: string
  /** Default: all changes at once. */
  readonly part?: Part | undefined
}

/** Rows of the delta as they are to be in the table, with what they leave out, wherever that is found. */
export function filledRows(merge: Merge, { among, part }: Filling = {}): string {
  const marked = fillableColumns(merge)
  const own = merge.columns.map((column) => `${resolvedValue(merge, column)} AS ${quote(column.name)}`)
  const conditions = [
    ...(among === undefined ? [] : [`EXISTS (SELECT 1 FROM ${among} AS a WHERE ${sameKey(merge, 'a', 'd')})`]),
    ...(part === undefined ? [] : [isInPart(merge, part)]),
  ]
  const steps = [
    `changes AS (SELECT d.* FROM ${changesOf(merge)} AS d${whereAll(conditions)})`,
    ...(part !== undefined && merge.hasUnsentRekeys ? [knownLineages(part)] : lineages(merge)),
    `filled AS (${windowedRows(merge, marked)})`,
    // The last change of a key may be of another row than one that had the key before, and so in another part.
    `found AS (${foundRows(merge, marked, part !== undefined && merge.hasUnsentRekeys ? changesOf(merge) : 'changes')})`,
  ]
  return `WITH RECURSIVE ${steps.join(', ')}
SELECT ${[...own, `s.${operation}`, `${unfoundCount(merge, marked)} AS ${unfoundColumn}`].join(', ')} FROM found AS s`
}

function isInPart(merge: Merge, { index, count, lineage }: Part): string {
  if (!merge.hasUnsentRekeys) return `hash(${keyList(merge, 'd')}) % ${count} = ${index}`
  return `d.${row} IN (SELECT l.r FROM ${duckdbDialect.formatRelation(lineage)} AS l WHERE hash(l.root) % ${count} = ${index})`
}

function knownLineages({ lineage }: Part): string {
  return `lineage AS (SELECT * FROM ${duckdbDialect.formatRelation(lineage)})`
}

/** For a table that the parts share: which changes are of one row, where keys change. */
export function lineageRows(merge: Merge): string {
  const narrow = [keyList(merge, 'd'), ...[operation, row, lsn, order].map((name) => `d.${name}`)].join(', ')
  const steps = [`changes AS (SELECT ${narrow} FROM ${changesOf(merge)} AS d)`, ...lineages(merge)]
  return `WITH RECURSIVE ${steps.join(', ')} SELECT * FROM lineage`
}

/** Rows that DuckDB reads at a time, and holds all values of meanwhile. */
export const vectorRows = 2048
const sampledVectors = 8

/**
 * About how many bytes a row of the table has of what changes may leave out: of some vectors only, since large values are
 * slow to read.
 */
export function averageBaseBytes(merge: Merge, tableRows: number): string {
  const marked = fillableColumns(merge)
  const bytes = ['0', ...marked.map(({ name }) => `coalesce(strlen(t.${quote(name)}::VARCHAR), 0)`)].join(' + ')
  const percent = Math.min(100, (100 * sampledVectors * vectorRows) / Math.max(1, tableRows))
  return `SELECT coalesce(avg(${bytes}), 0)::DOUBLE FROM ${duckdbDialect.formatRelation(merge.table)} AS t TABLESAMPLE system(${percent.toFixed(9)} PERCENT)`
}

/** Each change with, for each column that may be left out, the last value that a change of its row brought. */
function windowedRows(merge: Merge, marked: readonly MergeColumn[]): string {
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
  const isNeeded = `EXISTS (SELECT 1 FROM changes AS f WHERE ${sameKey(merge, 'f', 'd')} AND (${isAnyMissing(merge, marked, 'f')}))`
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
  const marked = fillableColumns(merge)
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
function foundRows(merge: Merge, marked: readonly MergeColumn[], changes: string): string {
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
    ...(merge.takes === 'last' ? [`s.${row} IN (${lastRows({ ...merge, changes })})`] : []),
    ...(isGuarded ? [`NOT ${isAsNew('n')}`] : []),
  ]
  const joins = [...(isFilled ? [baseJoin(merge, marked)] : []), ...(isGuarded ? [guardJoin(merge)] : [])]
  return `SELECT ${['s.*', ...(isFilled ? found : [])].join(', ')} FROM filled AS s${joins.join('')}${whereAll(conditions)}`
}

/** Rows of the table whose keys have changes that leave something out: few of them, so that little has to be joined. */
function baseJoin(merge: Merge, marked: readonly MergeColumn[]): string {
  const target = duckdbDialect.formatRelation(merge.table)
  const isBase = (change: string) =>
    merge.key.map((name, index) => `t.${quote(name)} = ${change}._eclusa_base_${index}`).join(' AND ')
  // A history has many rows of one key.
  const last = `
  QUALIFY row_number() OVER (PARTITION BY ${keyList(merge, 't')} ORDER BY t.${lsn} DESC NULLS LAST, t.${order} DESC NULLS LAST) = 1`
  return `
LEFT JOIN (SELECT TRUE AS _eclusa_is_there, ${baseColumns(merge, 't')} FROM ${target} AS t
  WHERE EXISTS (SELECT 1 FROM filled AS f WHERE ${isBase('f')} AND (${isAnyMissing(merge, marked, 'f')}))${merge.takes === 'all' ? last : ''}) AS t
ON ${isBase('s')}`
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
