import type { Schema, Stream, Table } from '../catalog/catalog-object.ts'
import { boolean, text } from '../catalog/sql-type.ts'
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

/** A statement that changes rows consumes the streams that it reads: within a transaction when that commits. */
export function consumeStreams(session: SessionState, read: ReadonlyMap<Stream, number>): void {
  for (const [stream, version] of read) session.consumed.set(stream, version)
  if (!session.isInTransaction) settleStreams(session)
}

export function settleStreams({ consumed }: SessionState): void {
  for (const [stream, version] of consumed) stream.offset = version
  consumed.clear()
}
