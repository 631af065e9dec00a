import { defineSource } from '@eclusa/sdk'
import { check } from './check/check.ts'
import { postgresConfigSchema } from './config.ts'
import { discover } from './discover.ts'
import { read } from './read.ts'
import { replicationSettings } from './replication/replication-settings.ts'
import { sourceReplication } from './replication/source-replication.ts'

/**
 * PostgreSQL 14 and later as a source: tables, partitioned tables, views, materialized views, foreign tables and
 * queries.
 *
 * *Shape*: Arrow batches with the columns of the stream's schema, in the order of the table; of at most the batch size
 * of the budget. *Consistency*: everything a run reads is one state of the database. *Delivery*: a full refresh has each
 * row once; an incremental stream has each new row version once with `cursor_guard: xmin`, and at least once with
 * `lookback`; with `replication_method: CDC` it has every change once, in the order of the commits. Rows of a table come in no particular order; rows after a cursor, in the cursor's. Without
 * replication deletes are not seen by incremental reading. A copy that was interrupted goes on where that is provably exact, and starts anew where not.
 *
 * @throws from `read` and `discover`: the codes POSTGRES_… and REPLICATION_…, each with the remedy; CANCELLED.
 * @see docs/connectors/postgres.md for privileges, TLS, types and modes; config.ts for every key.
 *
 * @example
 * const source = postgres({ host: 'db.example.com', database: 'shop', username: 'eclusa', password, ssl_mode: 'verify-full' })
 */
export const postgres = defineSource({
  name: 'postgres',
  version: '0.0.0',
  config: postgresConfigSchema,
  check,
  discover,
  read,
  canBackfill: true,
  replication: (config) => {
    const settings = replicationSettings(config)
    return settings === undefined ? undefined : sourceReplication(config, settings)
  },
})
