import { expect } from 'vitest'
import { duckDbTexts } from './end-to-end.ts'
import type { EndToEnd } from './end-to-end.ts'
import { printedDuckDbRows, printedRows } from './printed-rows.ts'
import type { RandomTable, RandomWrites } from './random-writes.ts'
import type { Subscriber } from './subscriber.ts'

export interface Replicas {
  readonly source: EndToEnd
  /** The DuckDB file. */
  readonly file: string
  readonly subscriber?: Subscriber
  /** Shown beside what differs. */
  readonly seed: number
}

/** Every table is the same in all of them, as PostgreSQL prints it; and no change stands twice in a history. */
export async function expectReplicas(writes: RandomWrites, replicas: Replicas): Promise<void> {
  const { source, subscriber, file, seed } = replicas
  for (const table of writes.tables) {
    const columns = columnsOf(table)
    const context = { seed, table: table.name, columns }
    const wanted = await printedRows(source, table.name, columns)
    const holders = [
      await printedDuckDbRows(source, file, currentSql(table, await readableColumns(file, table, columns))),
      ...(subscriber === undefined ? [] : [await printedRows(subscriber.database, table.name, columns)]),
    ]
    for (const rows of holders) expect({ ...context, ...difference(wanted, rows) }).toEqual({ ...context, ...none })
    const repeated = table.isHistory ? await duckDbTexts(file, repeatedSql(table)) : []
    expect({ ...context, repeated }).toEqual({ ...context, repeated: [] })
  }
}

const none = { missing: [], unexpected: [] }
const rowsShownMax = 5

/** The first rows of each that the other has not, so often as it has not. */
function difference(wanted: readonly string[], rows: readonly string[]): typeof none {
  return { missing: lacking(rows, wanted), unexpected: lacking(wanted, rows) } as typeof none
}

/** The rows of `all` that are left when those of `rows` are taken from it. */
function lacking(rows: readonly string[], all: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1)
  const left = all.filter((row) => {
    const count = counts.get(row) ?? 0
    counts.set(row, count - 1)
    return count <= 0
  })
  return left
    .slice(0, rowsShownMax)
    .map((row) => row.replaceAll(/[0-9a-f]{60,}/gu, (long) => `${long.slice(0, 8)}…(${long.length})`))
}

/** The streams of a pipeline, some merged and some as histories. */
export function streamsOf({ tables }: RandomWrites) {
  return tables.map(({ name, isHistory }) => ({
    name: `public.${name}`,
    ...(isHistory && { destinationSyncMode: 'append' as const }),
  }))
}

function columnsOf({ keyColumns, columns }: RandomTable): string[] {
  return ['n', ...keyColumns, ...columns.map(({ name }) => name)]
}

/**
 * The log says nothing of a new column before a row is written: until then its values are NULL, and the warehouse need
 * not have it.
 */
async function readableColumns(file: string, { name }: RandomTable, columns: readonly string[]): Promise<string[]> {
  const sql = `SELECT column_name FROM duckdb_columns() WHERE schema_name = 'public' AND table_name = '${name}'`
  const there = new Set(await duckDbTexts(file, sql))
  return columns.map((column) => (there.has(column) ? column : `NULL::VARCHAR AS ${column}`))
}

/** The rows of a stream as they are now: all of a table's, the last one of each key in a history. */
function currentSql({ name, keyColumns, isHistory }: RandomTable, columns: readonly string[]): string {
  const select = `SELECT ${columns.join(', ')} FROM public.${name}`
  if (!isHistory) return select
  const order = `PARTITION BY ${keyColumns.join(', ')} ORDER BY _ab_cdc_lsn DESC, _ab_cdc_order DESC`
  return `${select} QUALIFY row_number() OVER (${order}) = 1 AND _ab_cdc_deleted_at IS NULL`
}

/** Copied rows have no number, and all deletions by one truncation have the same: their key tells them apart. */
function repeatedSql({ name, keyColumns }: RandomTable): string {
  return `SELECT _ab_cdc_lsn, _ab_cdc_order, count(*) FROM public.${name}
    GROUP BY 1, 2, CASE WHEN _ab_cdc_order < 0 OR _ab_cdc_deleted_at IS NOT NULL THEN row(${keyColumns.join(', ')}) END HAVING count(*) > 1`
}
