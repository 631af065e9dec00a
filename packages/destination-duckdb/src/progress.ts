import { streamKey } from '@eclusa/sdk'
import type { ProgressRequest, StoredProgress, StreamName, Warehouse } from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import { access } from 'node:fs/promises'
import type { DuckDbConfig } from './config.ts'
import { busyIfLocked } from './session.ts'
import { Ledger } from './store/ledger.ts'

const nothing: StoredProgress = { checkpoints: [], streams: [] }

/**
 * What the ledger holds of a pipeline. Nothing, where there is no file yet.
 *
 * @throws DESTINATION_BUSY while somebody has the file open for writing; DESTINATION_LEDGER_NEWER; DUCKDB_…
 */
export async function readProgress(
  config: DuckDbConfig,
  { pipeline, signal, warehouse }: ProgressRequest & { readonly warehouse?: Warehouse },
): Promise<StoredProgress> {
  if (warehouse !== undefined) return await progressIn(warehouse, pipeline)
  if (!(await isThere(config.path))) return nothing
  try {
    await using opened = await openDuckDb({ path: config.path, readOnly: true, signal })
    return await progressIn(opened, pipeline)
  } catch (error) {
    throw busyIfLocked(error)
  }
}

async function progressIn(warehouse: Warehouse, pipeline: string): Promise<StoredProgress> {
  await using connection = await warehouse.connect()
  // All of one state, also while a run commits.
  await connection.query('BEGIN TRANSACTION READ ONLY')
  const ledger = new Ledger(connection, pipeline)
  if (!(await ledger.exists())) return nothing
  const { checkpoints } = await ledger.checkpoints()
  const lastCommit = await ledger.lastCommit()
  const lastRowsAtMs = await ledger.lastRowsAtMs()
  const streams = await ledger.streams()
  return {
    checkpoints,
    ...(lastCommit === undefined ? {} : { lastCommit }),
    streams: streams.map(({ stream, table }) => {
      const atMs = lastRowsAtMs.get(streamKey(stream))
      return {
        stream,
        table: `${table.schema}.${table.identifier}`,
        ...(atMs === undefined ? {} : { lastRowsAtMs: atMs }),
      }
    }),
  }
}

/** @throws DESTINATION_BUSY while somebody has the file open. */
export async function forgetCheckpoints(
  config: DuckDbConfig,
  { pipeline, signal, streams }: ProgressRequest & { readonly streams: readonly StreamName[] },
): Promise<void> {
  if (!(await isThere(config.path))) return
  try {
    await using warehouse = await openDuckDb({ path: config.path, signal })
    await using connection = await warehouse.connect()
    const ledger = new Ledger(connection, pipeline)
    if (!(await ledger.exists())) return
    await connection.query('BEGIN')
    for (const stream of streams) await ledger.forgetCheckpoint(stream)
    await connection.query('COMMIT')
  } catch (error) {
    throw busyIfLocked(error)
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
