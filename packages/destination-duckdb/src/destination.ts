import { defineDestination } from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import { checkDuckDb } from './check.ts'
import { duckdbConfigSchema } from './config.ts'
import { limitsOf } from './database-limits.ts'
import { planStatements } from './plan.ts'
import { forgetCheckpoints, readProgress } from './progress.ts'
import { busyIfLocked, openSession } from './session.ts'

/**
 * Loads streams into a DuckDB file.
 *
 * Each stream becomes a table with the stream's columns and four of metadata after them: `_airbyte_raw_id`,
 * `_airbyte_extracted_at`, `_airbyte_meta` and `_airbyte_generation_id`.
 *
 * Delivery: exactly once. Rows and checkpoints are one DuckDB transaction, so that a crash at any instruction leaves
 * both or neither. A full refresh is loaded beside its table and takes its place in the commit that completes it.
 *
 * One writer at a time: DuckDB locks its file, and a second session in this process is refused.
 *
 * @throws CONFIG_INVALID; from `open` and `plan`: DESTINATION_BUSY, DUCKDB_…, DESTINATION_TABLE_TAKEN, SCHEMA_CHANGED,
 *   COLUMN_NAME_COLLISION, DESTINATION_TABLE_CHANGED, DESTINATION_LEDGER_NEWER; from an open session also
 *   UNREPRESENTABLE_VALUE, KEY_VALUE_NULL, DUCKDB_DISK_FULL, DESTINATION_FAILED, CANCELLED
 * @see docs/connectors/duckdb.md
 */
export const duckdb = defineDestination({
  name: 'duckdb',
  version: '0.0.0',
  config: duckdbConfigSchema,
  syncModes: ['overwrite', 'append', 'append_dedup'],
  delivery: 'exactly_once',
  appliesChanges: true,
  check: checkDuckDb,
  plan: planStatements,
  open: (request) => openSession(request),
  async openWarehouse(config, { signal, readOnly = false }) {
    try {
      return await openDuckDb({ path: config.path, signal, readOnly, ...limitsOf(config) })
    } catch (error) {
      throw busyIfLocked(error)
    }
  },
  progress: readProgress,
  forgetCheckpoints,
})
