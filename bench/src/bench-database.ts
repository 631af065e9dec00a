import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createSales } from '@eclusa/example-sales'
import { startPostgresLocal } from '@eclusa/postgres-local'
import pg from 'pg'

export interface BenchTables {
  readonly schema: string
  readonly tables: readonly string[]
  readonly rows: number
  /** Bytes of the tables' heap, without indexes. */
  readonly bytes: number
}

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string
  readonly version: string
  readonly postmasterPid: number
  readonly wide: BenchTables
  readonly sales: BenchTables
}

export interface BenchDatabaseOptions {
  readonly rows: number
  readonly salesScale: number
  /** Folder of another PostgreSQL's binaries. Default: the one from npm. */
  readonly binaries?: string
}

const settings = {
  shared_buffers: '1GB',
  jit: 'off',
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '8GB',
  wal_level: 'logical',
  autovacuum: 'off',
}

/** A server with the tables in it, vacuumed and frozen, so that no reader pays for hint bits. */
export async function openBenchDatabase({ rows, salesScale, binaries }: BenchDatabaseOptions): Promise<BenchDatabase> {
  const server = await startPostgresLocal({ settings, ...(binaries === undefined ? {} : { binaries }) })
  const client = new pg.Client(server.connectionString())
  // A server that is stopped after a failure ends the session too; the failure is what to tell.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const text = await readFile(path.join(import.meta.dirname, '../sql/wide-table.sql'), 'utf8')
    await client.query(text.replaceAll(':rows', String(rows)))
    await createSales(client, { scale: salesScale })
    await client.query('vacuum (analyze, freeze)')
    return {
      url: server.connectionString(),
      version: server.version,
      postmasterPid: Number(
        (await client.query(`select pg_read_file('postmaster.pid') as text`)).rows[0].text.split('\n')[0],
      ),
      wide: await describeTables(client, 'public', ['wide']),
      sales: await describeTables(client, 'sales', ['orders', 'order_items']),
      [Symbol.asyncDispose]: async () => await server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  } finally {
    await client.end()
  }
}

async function describeTables(client: pg.Client, schema: string, tables: readonly string[]): Promise<BenchTables> {
  let rows = 0
  let bytes = 0
  for (const table of tables) {
    const counted = await client.query(`select count(*) as rows from ${schema}.${table}`)
    rows += Number(counted.rows[0].rows)
    bytes += Number((await client.query('select pg_relation_size($1) as bytes', [`${schema}.${table}`])).rows[0].bytes)
  }
  return { schema, tables, rows, bytes }
}
