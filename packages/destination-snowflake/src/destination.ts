import { defineDestination } from '@eclusa/sdk'
import { checkSnowflake } from './check.ts'
import { settingsOf, snowflakeConfigSchema } from './config.ts'
import { openAccount } from './open-account.ts'
import { planStatements } from './plan.ts'
import { forgetCheckpoints, readProgress } from './progress.ts'
import { openSession } from './session.ts'

/**
 * Loads streams into a Snowflake database.
 *
 * Each stream becomes a table with the stream's columns and four of metadata after them: `_AIRBYTE_RAW_ID`,
 * `_AIRBYTE_EXTRACTED_AT`, `_AIRBYTE_META` and `_AIRBYTE_GENERATION_ID`.
 *
 * Delivery: exactly once. Rows wait in Parquet files in a stage; the transaction that loads them stores the checkpoints, so
 * that a crash at any instruction leaves both or neither. A full refresh is loaded beside its table; the commit that
 * completes it says so, and it takes the table's place right after, or when the next run opens.
 *
 * One writer of a pipeline at a time: a second session is refused while the first one lives, and can commit nothing once
 * another has taken the pipeline.
 *
 * @throws CONFIG_INVALID; from `open` and `plan`: DESTINATION_BUSY, SNOWFLAKE_…, WAREHOUSE_…, DESTINATION_TABLE_TAKEN,
 *   SCHEMA_CHANGED, COLUMN_NAME_COLLISION, DESTINATION_TABLE_CHANGED, DESTINATION_LEDGER_NEWER; from an open session also
 *   UNREPRESENTABLE_VALUE, KEY_VALUE_NULL, STAGING_DISK_FULL, STAGED_ROWS_MISSING, WAREHOUSE_UPLOAD_FAILED, CANCELLED
 * @see docs/connectors/snowflake.md
 */
export const snowflake = defineDestination({
  name: 'snowflake',
  version: '0.0.0',
  config: snowflakeConfigSchema,
  syncModes: ['overwrite', 'append', 'append_dedup'],
  delivery: 'exactly_once',
  appliesChanges: true,
  check: checkSnowflake,
  plan: planStatements,
  open: (request) => openSession(request),
  openWarehouse: (config, { signal }) => openAccount(settingsOf(config), { signal }),
  progress: readProgress,
  forgetCheckpoints,
})
