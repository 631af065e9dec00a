import { access } from 'node:fs/promises'
import type { PlannedStatement, WarehouseConnection, WriteRequest } from '@eclusa/sdk'
import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import { plannedStatements } from '@eclusa/warehouse/load'
import type { DuckDbConfig } from './config.ts'
import { busyIfLocked } from './session.ts'
import { Ledger } from './store/ledger.ts'
import { inspectDuckdb } from './store/duckdb-inspection.ts'
import { duckdbRules } from './table/duckdb-rules.ts'

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
  const inspected = await inspectDuckdb(connection, (await ledger.exists()) ? ledger : undefined, {
    streams: catalog.streams,
    pipeline,
    schemaOverride: config.schema,
  })
  return plannedStatements(duckdbRules, inspected, await duckdbDialect.listSchemas(connection))
}
