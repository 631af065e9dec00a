import { changeOperation } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import {
  fillableColumns,
  inOrder,
  isDelete,
  isFillable,
  isFirstOf,
  isLast,
  isMissing,
  isOlder,
  isUnsent,
  keyList,
  nameList,
  operation,
  quote,
  row,
  rowRange,
  unfound,
  withinKeys,
} from './merge.ts'
import type { Merge, MergeColumn } from './merge.ts'

/*
 * Rows as they are to be in the table. What changes leave out is looked for among the changes before them, and then in the
 * table, with what `_airbyte_meta` says of it. They come into a table of their own, because they are partly made of those that
 * they replace, and because it is counted what was found nowhere.
 */

/** Puts the rows into a table with the columns of the staging table and `unfound`. */
export function resolveRows(merge: Merge, resolved: string): string {
  const marked = fillableColumns(merge)
  const values = merge.columns.map((column) => resolvedValue(merge, column))
  const isFilled = merge.key.length > 0 && marked.length > 0
  const steps = [
    `changes AS (SELECT d.* FROM ${merge.staging} AS d${rowRange(merge, 'd')})`,
    ...lineages(merge),
    `followed AS (${followedRows(merge, marked)})`,
    ...(isFilled ? [`base AS (${baseRows(merge, marked)})`] : []),
  ]
  const joins = isFilled
    ? [
        ...marked.map((_, index) => `LEFT JOIN changes AS v${index} ON v${index}.${row} = s.${sent(index)}`),
        `LEFT JOIN base AS t ON ${merge.key.map((name, index) => `t.${quote(name)} = s.${baseKey(index)}`).join(' AND ')}`,
      ]
    : []
  const recursive = merge.hasUnsentRekeys ? 'RECURSIVE ' : ''
  return `INSERT INTO ${resolved} (${nameList(merge)}, ${operation}, ${unfound})
WITH ${recursive}${steps.join(',\n')}
SELECT ${[...values, `s.${operation}`, unfoundCount(merge, marked)].join(', ')}
FROM followed AS s
${joins.join('\n')}`
}

const sent = (index: number) => quote(`_eclusa_sent_${index}`)
const baseKey = (index: number) => quote(`_eclusa_base_${index}`)

/** Each change that counts with, for each column that may be left out, the number of the change that sent it last. */
function followedRows(merge: Merge, marked: readonly MergeColumn[]): string {
  const last = merge.takes === 'last' ? ` QUALIFY ${isLast(merge, 'd')}` : ''
  if (merge.key.length === 0 || marked.length === 0) return `SELECT d.* FROM changes AS d${last}`
  const partition = merge.hasUnsentRekeys ? 'l.root' : keyList(merge, 'd')
  const window = `(PARTITION BY ${partition} ORDER BY ${inOrder(merge, 'd')} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  const numbers = marked.map((column, index) => {
    const number = `CASE WHEN NOT (${isDelete('d')} OR ${isUnsent(column, 'd')}) THEN d.${row} END`
    return `LAST_VALUE(${number}) IGNORE NULLS OVER ${window} AS ${sent(index)}`
  })
  const keys = merge.key.map(
    (name, index) => `${merge.hasUnsentRekeys ? `l.base_${index}` : `d.${quote(name)}`} AS ${baseKey(index)}`,
  )
  const lineage = merge.hasUnsentRekeys ? ` JOIN lineage AS l ON l.r = d.${row}` : ''
  return `SELECT ${['d.*', ...keys, ...numbers].join(', ')} FROM changes AS d${lineage}${last}`
}

/** Rows of the table whose keys have changes that leave something out; of a history the last one of each key. */
function baseRows(merge: Merge, marked: readonly MergeColumn[]): string {
  const keys = merge.key.map((name, index) => `t.${quote(name)} = f.${baseKey(index)}`).join(' AND ')
  const bounds = merge.hasUnsentRekeys ? [] : withinKeys(merge, 't')
  const within = bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`
  const distinct = merge.key.map((_, index) => baseKey(index)).join(', ')
  const { lsn, order } = merge.names
  const last = `ROW_NUMBER() OVER (PARTITION BY ${keyList(merge, 't')} ORDER BY t.${lsn} DESC NULLS LAST, t.${order} DESC NULLS LAST) = 1`
  const qualify = merge.takes === 'all' ? ` QUALIFY ${last}` : ''
  const lacking = marked.map((column) => isMissing(merge, column, 'c')).join(' OR ')
  const keysOf = `SELECT DISTINCT ${distinct} FROM followed AS c WHERE ${lacking}`
  return `SELECT t.* FROM ${merge.table} AS t JOIN (${keysOf}) AS f ON ${keys}${within}${qualify}`
}

/** The row of the table is older than the change and, but for a delete, not deleted itself. */
function isBase({ names }: Merge): string {
  return `t.${names.rawId} IS NOT NULL AND (t.${names.deletedAt} IS NULL OR ${isDelete('s')}) AND ${isOlder(names, 't')}`
}

/** The change comes again, and will change nothing. */
function isNewer({ names }: Merge): string {
  return `t.${names.rawId} IS NOT NULL AND NOT ${isOlder(names, 't')}`
}

function resolvedValue(merge: Merge, column: MergeColumn): string {
  const own = `s.${quote(column.name)}`
  const marked = fillableColumns(merge)
  if (quote(column.name) === merge.names.meta) return resolvedMeta(merge, marked)
  if (!isFillable(merge, column)) return own
  if (merge.key.length === 0) return `CASE WHEN NOT (${isUnsent(column, 's')}) THEN ${own} END`
  const index = marked.indexOf(column)
  const name = quote(column.name)
  const without = merge.deletes === 'filled' ? ` WHEN ${isDelete('s')} THEN ${own}` : ''
  return `CASE WHEN NOT (${isMissing(merge, column)}) THEN ${own} WHEN s.${sent(index)} IS NOT NULL THEN v${index}.${name} WHEN ${isBase(merge)} THEN t.${name}${without} END`
}

/** What is said of a value goes with it; and of a value that nobody knows, that much is said. */
function resolvedMeta(merge: Merge, marked: readonly MergeColumn[]): string {
  const own = `s.${merge.names.meta}`
  const entries = marked.map((column, index) => entriesOf(merge, column, index))
  if (entries.length === 0) return own
  const added = entries.reduce((left, right) => `ARRAY_CAT(${left}, ${right})`)
  const joined = `OBJECT_CONSTRUCT('sync_id', ${own}:"sync_id", 'changes', ARRAY_CAT(${own}:"changes"::ARRAY, ${added}))::VARIANT`
  return `CASE WHEN ARRAY_SIZE(${added}) = 0 THEN ${own} ELSE ${joined} END`
}

function entriesOf(merge: Merge, column: MergeColumn, index: number): string {
  const none = 'ARRAY_CONSTRUCT()'
  const entry = snowflakeDialect.quoteLiteral(unfoundEntry(column.of!))
  const lost = isFirstOf(merge, column) ? `ARRAY_CONSTRUCT(PARSE_JSON(${entry}))` : none
  const kept = `CASE WHEN NOT (${isMissing(merge, column)}) THEN ${none}`
  if (merge.key.length === 0) return `${kept} ELSE ${lost} END`
  const told = (alias: string) => {
    const field = snowflakeDialect.quoteLiteral(column.of ?? column.name)
    const changes = `${alias}.${merge.names.meta}:"changes"::ARRAY`
    return `COALESCE(FILTER(${changes}, e -> e:"field"::VARCHAR = ${field}), ${none})`
  }
  return `${kept} WHEN s.${sent(index)} IS NOT NULL THEN ${told(`v${index}`)} WHEN ${isBase(merge)} THEN ${told('t')} WHEN ${isDelete('s')} THEN ${none} ELSE ${lost} END`
}

/** The entry of `_airbyte_meta.changes` for a value that was not sent, and is not in the warehouse either. */
function unfoundEntry(column: string): string {
  const detail = 'the source did not send the value, which had not changed, and no earlier row holds it'
  return JSON.stringify({ field: column, change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR', detail })
}

function unfoundCount(merge: Merge, marked: readonly MergeColumn[]): string {
  const counts = marked.flatMap((column, index) => {
    if (!isFirstOf(merge, column)) return []
    const elsewhere =
      merge.key.length === 0
        ? ''
        : ` AND s.${sent(index)} IS NULL AND NOT COALESCE(${isBase(merge)}, FALSE) AND NOT COALESCE(${isNewer(merge)}, FALSE)`
    return [`IFF(${isUnsent(column, 's')}${elsewhere}, 1, 0)`]
  })
  return counts.length === 0 ? '0' : counts.join(' + ')
}

/*
 * A segment is what one key lives through from an insert, or from a change of key that leads to it, to a delete; its number
 * is that of its first row. A change of key goes on with the segment that the delete in the row before it has ended.
 */
function lineages(merge: Merge): string[] {
  if (!merge.hasUnsentRekeys) return []
  const starts = `d.${operation} IN (${changeOperation.insert}, ${changeOperation.rekey})`
  const keys = merge.key.map((name, index) => `d.${quote(name)} AS key_${index}`).join(', ')
  const bases = merge.key.map((_, index) => `b.key_${index} AS base_${index}`).join(', ')
  const lives = `(PARTITION BY ${keyList(merge, 'd')} ORDER BY ${inOrder(merge, 'd')} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  return [
    `segments AS (SELECT d.${row} AS r, d.${operation} AS operation, ${keys}, COALESCE(LAST_VALUE(CASE WHEN ${starts} THEN d.${row} END) IGNORE NULLS OVER ${lives}, FIRST_VALUE(d.${row}) OVER ${lives}) AS segment FROM changes AS d)`,
    `parents AS (SELECT s.r AS segment, p.segment AS parent FROM segments AS s JOIN segments AS p ON p.r = s.r - 1 WHERE s.operation = ${changeOperation.rekey})`,
    'first_segments AS (SELECT DISTINCT s.segment, s.segment AS root FROM segments AS s LEFT JOIN parents AS p ON p.segment = s.segment WHERE p.segment IS NULL)',
    'roots (segment, root) AS (SELECT f.segment, f.root FROM first_segments AS f UNION ALL SELECT p.segment, r.root FROM roots AS r JOIN parents AS p ON p.parent = r.segment)',
    `lineage AS (SELECT s.r, r.root, ${bases} FROM segments AS s JOIN roots AS r ON r.segment = s.segment JOIN segments AS b ON b.r = r.root)`,
  ]
}
