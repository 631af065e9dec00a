import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog } from '../catalog/catalog.ts'
import type { Schema, Stream, Table } from '../catalog/catalog-object.ts'
import { boolean, text } from '../catalog/sql-type.ts'
import { readTexts, runDuckdb } from '../engine/duckdb.ts'
import { unknownObject } from '../engine/sql-error.ts'
import type { SessionState } from '../engine/session-state.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { NamedRelation } from '../translate/translator.ts'
import { changesSince } from './row-history.ts'

/** The changes of a table as rows: its columns, and what was done to each row. */
export function changesRelation(
  table: Table,
  name: readonly string[],
  { version, appendOnly }: { readonly version: string; readonly appendOnly: boolean },
): NamedRelation {
  const own = table.columns.map(({ name: column, type, physical }) => ({
    name: column,
    type,
    nullable: true,
    physical: quoteName(physical),
  }))
  const metadata = [
    { name: 'METADATA$ACTION', type: text(10), nullable: true, physical: '_action' },
    { name: 'METADATA$ISUPDATE', type: boolean, nullable: true, physical: '_is_update' },
    { name: 'METADATA$ROW_ID', type: text(40), nullable: true, physical: '_row_id' },
  ]
  return { kind: 'table', name, sql: changesSince(table, version, appendOnly), columns: [...own, ...metadata] }
}

/** The table of a stream; it is lost when the table has been dropped or replaced. */
export function tableOfStream({ engine }: SessionState, { tableId, tableName }: Stream): Table {
  const schemas = [...engine.catalog.databases.values()].flatMap((database) => [...database.schemas.values()])
  const found = schemas.flatMap((schema: Schema) => [...schema.objects.values()]).find(({ id }) => id === tableId)
  if (found?.kind === 'TABLE') return found
  throw unknownObject('Base table', tableName)
}

/*
 * A stream is consumed in the transaction of the rows that were made from it. The catalog's document is no place for
 * that: transactions would get into each other's way. So each commit adds a row of its own, and the last one holds.
 */
export const streamOffsetDdl = 'CREATE TABLE IF NOT EXISTS main.sf_stream_offset (stream_id BIGINT, consumed BIGINT)'

/** What was consumed before the database was opened. */
export async function readOffsets(connection: DuckDBConnection, catalog: Catalog): Promise<void> {
  const rows = await readTexts(
    connection,
    'SELECT CAST(stream_id AS VARCHAR), CAST(max(consumed) AS VARCHAR) FROM main.sf_stream_offset GROUP BY 1',
  )
  const offsets = new Map(rows.map(([id, consumed]) => [Number(id), Number(consumed)]))
  for (const database of catalog.databases.values()) {
    for (const schema of database.schemas.values()) {
      for (const object of schema.objects.values()) {
        if (object.kind === 'STREAM') object.offset = Math.max(object.offset, offsets.get(object.id) ?? 0)
      }
    }
  }
}

/** A statement that changes rows consumes the streams that it reads, when its transaction commits. */
export async function consumeStreams(session: SessionState, read: ReadonlyMap<Stream, number>): Promise<void> {
  for (const [stream, version] of read) {
    await runDuckdb(session.connection, `INSERT INTO main.sf_stream_offset VALUES (${stream.id}, ${version})`)
    session.consumed.set(stream, version)
  }
}

export function settleStreams({ consumed }: SessionState): void {
  for (const [stream, version] of consumed) stream.offset = version
}
