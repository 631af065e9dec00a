import { writeFile } from 'node:fs/promises'
import { resolveCatalog } from '@eclusa/pipeline'
import { byteBudget, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredCatalog, ConfiguredSource } from '@eclusa/sdk'
import { postgres } from '@eclusa/source-postgres'
import pg from 'pg'
import { replicatedConfig } from './connection-config.ts'

/** Changes that wait in a slot, to be read as often as wanted: nothing of them is ever acknowledged. */
export interface ChangeBacklog {
  readonly slot: string
  readonly publication: string
  /** Holds the checkpoints from which they are read. */
  readonly file: string
  /** Where the log ends. */
  readonly end: string
  readonly changes: number
  /** Bytes of log that they are. */
  readonly bytes: number
}

export const changeSchema = 'changes'
const changesPerTransaction = 1000
const context = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
}

/** Half of the changes are inserts, 35 % updates, 15 % deletes, a thousand to a transaction. */
const fillSql = `
  CREATE PROCEDURE ${changeSchema}.fill(transactions int) LANGUAGE plpgsql AS $$
  DECLARE size int := ${changesPerTransaction};
  BEGIN
    FOR k IN 0 .. transactions / 2 - 1 LOOP
      INSERT INTO ${changeSchema}.orders
        SELECT i, i % 1000, 'new', i % 100000 / 100.0, md5(i::text), now(), now(), i % 2 = 0, i % 50, 'tag' || i % 20
          FROM generate_series(k * size + 1, (k + 1) * size) AS i;
      COMMIT;
    END LOOP;
    FOR k IN 0 .. transactions * 35 / 100 - 1 LOOP
      UPDATE ${changeSchema}.orders SET status = 'paid', amount = amount + 1, updated_at = now()
       WHERE id > k * size AND id <= (k + 1) * size;
      COMMIT;
    END LOOP;
    FOR k IN 0 .. transactions * 15 / 100 - 1 LOOP
      DELETE FROM ${changeSchema}.orders WHERE id > k * size AND id <= (k + 1) * size;
      COMMIT;
    END LOOP;
  END $$`

const tableSql = `
  CREATE SCHEMA ${changeSchema};
  CREATE TABLE ${changeSchema}.orders (
    id bigint PRIMARY KEY, customer_id int, status text, amount numeric(12,2), note text, created_at timestamptz,
    updated_at timestamptz, is_paid boolean, quantity int, tag varchar(20))`

/** Makes the table, lets the source make slot and publication, then makes the changes. */
export async function makeBacklog(url: string, file: string, changes: number): Promise<ChangeBacklog> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(tableSql)
    const { slot, publication } = replicatedNames
    const checkpoints = await readOnce(url)
    await writeFile(file, JSON.stringify(checkpoints))
    await client.query(fillSql)
    const before = await client.query('SELECT pg_current_wal_lsn()::text AS position')
    await client.query(`CALL ${changeSchema}.fill(${changes / changesPerTransaction})`)
    await client.query('CHECKPOINT')
    const found = await client.query(
      `SELECT position::text, (position - $1)::float8 AS bytes FROM pg_current_wal_lsn() AS position`,
      [before.rows[0].position],
    )
    const { position: end, bytes } = found.rows[0]
    return { slot, publication, file, end, changes, bytes }
  } finally {
    await client.end()
  }
}

export const replicatedNames = { slot: 'bench', publication: 'bench' } as const

/** The source, and the table as a stream that is replicated. */
export async function openReplicated(
  url: string,
): Promise<{ readonly source: ConfiguredSource; readonly catalog: ConfiguredCatalog }> {
  const source = postgres(replicatedConfig(url, changeSchema, replicatedNames))
  const discovered = await source.discover(context)
  const selections = discovered.streams.map(({ stream }) => ({
    name: streamKey(stream),
    mode: 'append_dedup' as const,
  }))
  const catalog = resolveCatalog({ discovered, selections, defaults: {}, destinationSyncModes: ['append_dedup'] })
  return { source, catalog }
}

async function readOnce(url: string): Promise<Checkpoint[]> {
  const { source, catalog } = await openReplicated(url)
  const last = new Map<string, Checkpoint>()
  const budget = byteBudget({ bytesMax: 24 * 1024 * 1024, readers: 1 })
  for await (const message of source.read({ catalog, checkpoints: [], budget, ...context })) {
    if (message.type !== 'checkpoint') continue
    for (const checkpoint of message.checkpoints) last.set(streamKey(checkpoint.stream), checkpoint)
  }
  return [...last.values()]
}
