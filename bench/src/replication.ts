/*
 * Replication as a whole, from PostgreSQL into a DuckDB file: a backlog of small transactions, rows on their way while a run
 * follows, and one huge transaction. Arguments: what to measure (backlog, follow, huge; default: all).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startPostgresLocal } from '@eclusa/postgres-local'
import pg from 'pg'
import type { Measurement } from './measurement.ts'
import { runCase } from './run-case.ts'

const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
const backlogTables = 10
const backlogChanges = 200_000
const hugeRows = 5_000_000

const tablesSql = `
  CREATE SCHEMA backlog;
  DO $$ BEGIN
    FOR t IN 0 .. ${backlogTables - 1} LOOP
      EXECUTE format('CREATE TABLE backlog.t%s (id int PRIMARY KEY, customer int, status text, amount numeric(12,2), note text, at timestamptz)', t);
      EXECUTE format('INSERT INTO backlog.t%s SELECT i, i %% 1000, ''new'', i / 100.0, md5(i::text), now() FROM generate_series(1, 20000) i', t);
    END LOOP;
  END $$;
  CREATE PROCEDURE backlog.change(changes int) LANGUAGE plpgsql AS $$
  DECLARE t int; k int;
  BEGIN
    FOR i IN 0 .. changes - 1 LOOP
      t := i % ${backlogTables};
      k := i / ${backlogTables};
      IF i / ${backlogTables} % 5 = 0 THEN
        EXECUTE format('INSERT INTO backlog.t%s VALUES ($1, 1, ''new'', 1, ''inserted'', now())', t) USING 20001 + k;
      ELSIF i / ${backlogTables} % 5 = 1 THEN
        EXECUTE format('DELETE FROM backlog.t%s WHERE id = $1', t) USING 1 + k;
      ELSE
        EXECUTE format('UPDATE backlog.t%s SET status = ''paid'', amount = amount + 1 WHERE id = $1', t) USING 1 + (k * 7) % 20000;
      END IF;
      COMMIT;
    END LOOP;
  END $$;
  CREATE SCHEMA live;
  CREATE TABLE live.live (id bigserial PRIMARY KEY, sent_at timestamptz);
  CREATE SCHEMA huge;
  CREATE TABLE huge.huge (id int PRIMARY KEY, customer int, note text)`

const directory = await mkdtemp(path.join(tmpdir(), 'eclusa-bench-'))
const server = await startPostgresLocal({
  settings: { fsync: 'off', wal_level: 'logical', max_wal_size: '16GB', shared_buffers: '1GB', autovacuum: 'off' },
})
const client = new pg.Client(server.connectionString())
try {
  await client.connect()
  for (const statement of [tablesSql]) await client.query(statement)
  const url = server.connectionString()
  const run = async (name: string, schema: string, ...args: readonly string[]) =>
    await runCase(name, [url, schema, path.join(directory, `warehouse-${schema}.duckdb`), ...args], 0)

  if (isWanted('backlog')) {
    await run('replicate', 'backlog')
    await client.query(`CALL backlog.change(${backlogChanges})`)
    tell(
      `(g) ${backlogChanges} transactions of one change in ${backlogTables} tables`,
      await run('replicate', 'backlog'),
    )
  }
  if (isWanted('follow')) {
    for (const rate of ['1000', '5000']) tell(`(h) follow`, await run('follow', 'live', rate, '20'))
  }
  if (isWanted('huge')) {
    await run('replicate', 'huge')
    await client.query(`INSERT INTO huge.huge SELECT i, i % 1000, md5(i::text) FROM generate_series(1, ${hugeRows}) i`)
    tell(`(i) one transaction of ${hugeRows} rows`, await run('replicate', 'huge'))
  }
} finally {
  await client.end()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
}

function tell(what: string, { rows, wallMs, cpuMs, peakRssBytes }: Measurement): void {
  const perSecond = Math.round(rows / (wallMs / 1000))
  console.log(
    `${what}: ${rows} rows, ${(wallMs / 1000).toFixed(1)} s, ${perSecond} rows/s, ${(cpuMs / 1000).toFixed(1)} s of CPU, peak RSS ${(peakRssBytes / 1e6).toFixed(0)} MB`,
  )
}
