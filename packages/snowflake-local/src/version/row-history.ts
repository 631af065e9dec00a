import type { Table } from '../catalog/catalog-object.ts'
import { duckdbType } from '../catalog/sql-type.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { runDuckdb } from '../engine/duckdb.ts'
import type { SessionState } from '../engine/session-state.ts'
import { quoteName } from '../translate/sql-text.ts'

const usPerMs = 1000

/** The hidden column of a table. */
export const versionColumn = "_v BIGINT DEFAULT getvariable('statement_version')"

export function historyName({ physical }: Table): string {
  return quoteName(`${physical}_history`)
}

/** Temporary tables, and tables whose retention is no day, have no past. */
export function hasHistory({ lifetime, retentionDays }: Table): boolean {
  return lifetime !== 'temporary' && retentionDays > 0
}

/** Made with its table, since a table made within a transaction of rows would stand in the way of others. */
export async function createHistory({ connection }: SessionState, table: Table): Promise<void> {
  if (table.lifetime === 'temporary') return
  const columns = table.columns.map(({ physical, type }) => `${quoteName(physical)} ${duckdbType(type)}`)
  await runDuckdb(
    connection,
    `CREATE TABLE ${historyName(table)} (${[...columns, '_v BIGINT', '_row BIGINT', '_end BIGINT'].join(', ')})`,
  )
}

/** What changes the columns of a table changes those of its history. */
export async function alterHistory({ connection }: SessionState, table: Table, change: string): Promise<void> {
  if (table.lifetime !== 'temporary') await runDuckdb(connection, `ALTER TABLE ${historyName(table)} ${change}`)
}

/**
 * Forgets the rows that ended before the table's retention, and that no stream has still to read: Snowflake keeps the
 * past for streams by up to 14 days more. Not at each statement, for it reads the whole history.
 */
async function forgetOld({ connection, engine }: SessionState, table: Table): Promise<void> {
  const nowMs = Date.now()
  if (nowMs - (prunedMs.get(table) ?? 0) < pruneEveryMs) return
  prunedMs.set(table, nowMs)
  const kept = (nowMs - table.retentionDays * dayMs) * usPerMs
  const extended = Math.max((nowMs - streamDaysMax * dayMs) * usPerMs, oldestOffset(engine.catalog, table))
  await runDuckdb(connection, `DELETE FROM ${historyName(table)} WHERE _end <= ${Math.min(kept, extended)}`)
}

const prunedMs = new WeakMap<Table, number>()
const pruneEveryMs = 60_000
const dayMs = 86_400_000
const streamDaysMax = 14

/** Up to where the streams of a table have all read it. */
function oldestOffset(catalog: Catalog, table: Table): number {
  const streams = [...catalog.databases.values()].flatMap(({ schemas }) =>
    [...schemas.values()].flatMap(({ objects }) => [...objects.values()]),
  )
  return streams.reduce(
    (oldest, object) =>
      object.kind === 'STREAM' && object.tableId === table.id ? Math.min(oldest, object.offset) : oldest,
    Number.POSITIVE_INFINITY,
  )
}

/** Keeps rows as they are before a statement changes or deletes them: those whose `rowid` the query gives, or all. */
export async function keepRows(
  session: SessionState,
  table: Table,
  { version, rows }: { readonly version: number; readonly rows: string | undefined },
): Promise<void> {
  const { connection, engine } = session
  if (table.lifetime === 'temporary') return
  await forgetOld(session, table)
  // Without retention only streams ask for what was there.
  if (!hasHistory(table) && oldestOffset(engine.catalog, table) === Number.POSITIVE_INFINITY) return
  const columns = table.columns.map(({ physical }) => quoteName(physical)).join(', ')
  const where = rows === undefined ? '' : ` WHERE rowid IN (${rows})`
  await runDuckdb(
    connection,
    `INSERT INTO ${historyName(table)} (${columns}, _v, _row, _end) SELECT ${columns}, _v, rowid, ${version} FROM ${quoteName(table.physical)}${where}`,
  )
}

/** The table as the statement with this number left it: a query in brackets with the table's columns. */
export function rowsAt(table: Table, version: string): string {
  const columns = table.columns.map(({ physical }) => quoteName(physical)).join(', ')
  return `(SELECT ${columns} FROM ${quoteName(table.physical)} WHERE _v <= ${version} UNION ALL SELECT ${columns} FROM ${historyName(table)} WHERE _v <= ${version} AND _end > ${version})`
}

/** The changes after a number: rows that are gone, and rows that are new; an update is one of each. */
export function changesSince(table: Table, version: string, appendOnly: boolean): string {
  const columns = table.columns.map(({ physical }) => quoteName(physical))
  const list = columns.join(', ')
  const [rows, history] = [quoteName(table.physical), historyName(table)]
  const flags = (action: string, isUpdate: string, row: string): string =>
    `${list}, '${action}' AS _action, ${isUpdate} AS _is_update, md5('${table.id}:' || CAST(${row} AS VARCHAR)) AS _row_id`
  if (appendOnly) {
    // A row that continues another one is no insert, whatever became of it since.
    const first = (row: string, begin: string): string =>
      `NOT EXISTS (SELECT 1 FROM ${history} AS b WHERE b._row = ${row} AND b._end = ${begin})`
    return `(SELECT ${flags('INSERT', 'FALSE', 'rowid')} FROM ${rows} AS t WHERE _v > ${version} AND ${first('t.rowid', 't._v')} UNION ALL SELECT ${flags('INSERT', 'FALSE', '_row')} FROM ${history} AS h WHERE _v > ${version} AND ${first('h._row', 'h._v')})`
  }
  const gone = `SELECT * FROM ${history} WHERE _v <= ${version} AND _end > ${version}`
  const updated = `rowid IN (SELECT _row FROM (${gone}))`
  return `(SELECT ${flags('DELETE', `_row IN (SELECT rowid FROM ${rows} WHERE _v > ${version})`, '_row')} FROM (${gone}) UNION ALL SELECT ${flags('INSERT', updated, 'rowid')} FROM ${rows} WHERE _v > ${version})`
}
