import { readTexts, runDuckdb } from '../engine/duckdb.ts'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quote } from '../function/sql-text.ts'

/*
 * What has been loaded into which table is a table of DuckDB, so that it is committed and rolled back with the rows.
 */

export const loadHistoryDdl =
  'CREATE TABLE IF NOT EXISTS main.sf_load_history (table_id BIGINT, stage_location VARCHAR, file_name VARCHAR, etag VARCHAR, loaded_ms BIGINT, status VARCHAR, row_parsed BIGINT, row_count BIGINT, error_count BIGINT, error_limit BIGINT, first_error VARCHAR, first_error_line BIGINT, first_error_column VARCHAR)'

/** A file is remembered for so long; after that it may be loaded again. */
export const historyMs = 64 * 24 * 60 * 60 * 1000

export interface LoadRecord {
  readonly tableId: number
  readonly stageLocation: string
  readonly fileName: string
  readonly etag: string
  readonly loadedMs: number
  readonly status: string
  readonly rowsParsed: number
  readonly rowsLoaded: number
  readonly errorsSeen: number
  readonly errorLimit: number
  readonly firstError: string | null
  readonly firstErrorLine: number | null
  readonly firstErrorColumn: string | null
}

/** Etags by file name of what has been loaded, in whole or in part. */
export async function loadedFiles(
  connection: DuckDBConnection,
  {
    tableId,
    stageLocation,
    nowMs,
  }: { readonly tableId: number; readonly stageLocation: string; readonly nowMs: number },
): Promise<ReadonlyMap<string, string>> {
  const rows = await readTexts(
    connection,
    `SELECT file_name, etag FROM main.sf_load_history WHERE table_id = ${tableId} AND stage_location = ${quote(stageLocation)} AND loaded_ms > ${nowMs - historyMs} AND status <> 'LOAD_FAILED' ORDER BY loaded_ms`,
  )
  return new Map(rows.map(([name, etag]) => [name ?? '', etag ?? '']))
}

export async function recordLoad(connection: DuckDBConnection, record: LoadRecord): Promise<void> {
  const text = (value: string | null): string => (value === null ? 'NULL' : quote(value))
  const values = [
    record.tableId,
    text(record.stageLocation),
    text(record.fileName),
    text(record.etag),
    record.loadedMs,
    text(record.status),
    record.rowsParsed,
    record.rowsLoaded,
    record.errorsSeen,
    record.errorLimit,
    text(record.firstError),
    record.firstErrorLine ?? 'NULL',
    text(record.firstErrorColumn),
  ]
  await runDuckdb(connection, `INSERT INTO main.sf_load_history VALUES (${values.join(', ')})`)
}

/** TRUNCATE and DROP forget a table's loads, so that the same files load again. */
export async function forgetLoads(connection: DuckDBConnection, tableId: number): Promise<void> {
  await runDuckdb(connection, `DELETE FROM main.sf_load_history WHERE table_id = ${tableId}`)
}
