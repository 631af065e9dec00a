import { snowflakeDialect } from '@eclusa/warehouse'
import { isDelete, isLast, isOlder, nameList, operation, quote, rowRange, sameKey, withinKeys } from './merge.ts'
import type { Merge } from './merge.ts'

/** When no change leaves anything out: the staging table's rows as they are, of each key the last. */
export function plainMerge(merge: Merge): string {
  const from = `${merge.staging} AS d${rowRange(merge, 'd')}`
  if (merge.takes === 'all') return insertAll(merge, from)
  return mergeFrom(merge, `SELECT ${nameList(merge, 'd')}, d.${operation} FROM ${from} QUALIFY ${isLast(merge, 'd')}`)
}

/** From a table of rows as they are to be (resolve-sql.ts). */
export function resolvedMerge(merge: Merge, resolved: string): string {
  if (merge.takes === 'all') return insertAll(merge, `${resolved} AS d`)
  return mergeFrom(merge, `SELECT ${nameList(merge, 'd')}, d.${operation} FROM ${resolved} AS d`)
}

function insertAll(merge: Merge, from: string): string {
  return `INSERT INTO ${merge.table} (${nameList(merge)}) SELECT ${nameList(merge, 'd')} FROM ${from}`
}

/** A row of the table that is as new as the change, or newer, stays: a change that comes again changes nothing. */
function mergeFrom(merge: Merge, source: string): string {
  const older = isOlder(merge.names, 't')
  const removes = merge.deletes === 'removed'
  return [
    `MERGE INTO ${merge.table} AS t`,
    `USING (${source}) AS s`,
    `ON ${[sameKey(merge, 't', 's'), ...withinKeys(merge, 't')].join(' AND ')}`,
    ...(removes ? [`WHEN MATCHED AND ${isDelete('s')} AND ${older} THEN DELETE`] : []),
    `WHEN MATCHED AND ${older} THEN UPDATE SET ${assignments(merge)}`,
    `WHEN NOT MATCHED${removes ? ` AND NOT ${isDelete('s')}` : ''} THEN INSERT (${nameList(merge)}) VALUES (${nameList(merge, 's')})`,
  ].join('\n')
}

function assignments({ columns, key }: Pick<Merge, 'columns' | 'key'>): string {
  const changed = columns.filter(({ name }) => !key.includes(name))
  return changed.map(({ name }) => `t.${quote(name)} = s.${quote(name)}`).join(', ')
}

/** Rows of a stream that is read by a cursor, or in full: the one that is ahead by it, and of equal ones the last. */
export function keyedMerge(
  merge: Pick<Merge, 'table' | 'staging' | 'key' | 'columns' | 'keyRange'>,
  order: string,
): string {
  const names = nameList(merge, 'd')
  const key = merge.key.map((name) => `d.${quote(name)}`).join(', ')
  return [
    `MERGE INTO ${merge.table} AS t`,
    `USING (SELECT ${names} FROM ${merge.staging} AS d QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${order}) = 1) AS s`,
    `ON ${[sameKey(merge, 't', 's'), ...withinKeys(merge, 't')].join(' AND ')}`,
    `WHEN MATCHED THEN UPDATE SET ${assignments(merge)}`,
    `WHEN NOT MATCHED THEN INSERT (${nameList(merge)}) VALUES (${nameList(merge, 's')})`,
  ].join('\n')
}

/** All rows are gone as of that change. */
export function truncation(
  { table, names, deletes }: Pick<Merge, 'table' | 'names' | 'deletes'>,
  at: { readonly position: bigint; readonly order: number; readonly committedAtUs: bigint },
): string {
  const older = isOlder(names, 't', { position: String(at.position), order: String(at.order) })
  if (deletes === 'removed') return `DELETE FROM ${table} AS t WHERE ${older}`
  const time = timestampSql(at.committedAtUs)
  const set = [
    `${names.lsn} = ${at.position}`,
    `${names.order} = ${at.order}`,
    `${names.updatedAt} = ${time}`,
    `${names.deletedAt} = ${time}`,
  ]
  return `UPDATE ${table} AS t SET ${set.join(', ')} WHERE t.${names.deletedAt} IS NULL AND ${older}`
}

/** A point in time after 1970 as SQL, whatever the time zone of the session. */
export function timestampSql(us: bigint): string {
  const second = new Date(Number(us / 1_000_000n) * 1000).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  const text = `${second.replace('T', ' ')}.${String(us % 1_000_000n).padStart(6, '0')} +00:00`
  return `${snowflakeDialect.quoteLiteral(text)}::TIMESTAMP_TZ(6)`
}
