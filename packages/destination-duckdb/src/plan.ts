import { access } from 'node:fs/promises'
import type { PlannedStatement, WarehouseConnection, WriteRequest } from '@eclusa/sdk'
import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import type { DuckDbConfig } from './config.ts'
import { busyIfLocked } from './session.ts'
import { Ledger } from './store/ledger.ts'
import { inspectStreams, replacesAllRows } from './store/stream-inspection.ts'
import type { InspectedStream } from './store/stream-inspection.ts'

/**
 * What loading would change in the tables, without changing it.
 *
 * @throws as `openSession`
 */
export async function planStatements(request: WriteRequest<DuckDbConfig>): Promise<readonly PlannedStatement[]> {
  const { config, signal } = request
  const isThere = await access(config.path).then(
    () => true,
    () => false,
  )
  try {
    // Where there is no file yet, an empty database in memory answers the same questions.
    await using warehouse = await openDuckDb(
      isThere ? { path: config.path, readOnly: true, signal } : { path: ':memory:', signal },
    )
    await using connection = await warehouse.connect()
    return await planWithin(connection, request)
  } catch (error) {
    throw busyIfLocked(error)
  }
}

async function planWithin(
  connection: WarehouseConnection,
  { catalog, pipeline, config }: WriteRequest<DuckDbConfig>,
): Promise<readonly PlannedStatement[]> {
  const ledger = new Ledger(connection, pipeline)
  const inspected = await inspectStreams(connection, (await ledger.exists()) ? ledger : undefined, {
    streams: catalog.streams,
    pipeline,
    schemaOverride: config.schema,
  })
  const schemas = new Set((await duckdbDialect.listSchemas(connection)).map((schema) => schema.toLowerCase()))
  return inspected.flatMap((stream) => {
    const isNewSchema = !schemas.has(stream.table.schema.toLowerCase())
    schemas.add(stream.table.schema.toLowerCase())
    const schema = {
      stream: stream.configured.stream,
      sql: duckdbDialect.createSchema(stream.table.schema, stream.table.database),
      reason: 'new schema',
    }
    return isNewSchema ? [schema, ...statementsOf(stream)] : statementsOf(stream)
  })
}

function statementsOf({ configured, table, columns, plan }: InspectedStream): PlannedStatement[] {
  const { stream } = configured
  const create = (reason: string) => ({ stream, sql: duckdbDialect.createTable(table, plan.columns), reason })
  if (columns === undefined) return [create('new table')]
  if (replacesAllRows(configured)) {
    const isChanged = plan.changes.length > 0 || plan.notes.length > 0
    return isChanged ? [create([...plan.changes.map(({ reason }) => reason), ...plan.notes].join('; '))] : []
  }
  return plan.changes.map(({ kind, column, sqlType, reason }) => {
    const sql =
      kind === 'add'
        ? duckdbDialect.addColumn(table, { name: column, sqlType })
        : duckdbDialect.alterColumnType(table, column, sqlType)
    return { stream, sql, reason }
  })
}
