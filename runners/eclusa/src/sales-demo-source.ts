import { applySalesChanges, createSales } from '@eclusa/example-sales'
import { startPostgresLocal } from '@eclusa/postgres-local'
import type { PostgresLocal } from '@eclusa/postgres-local'
import type { ConnectorContext } from '@eclusa/sdk'
import { postgres } from '@eclusa/source-postgres'
import pg from 'pg'
import { z } from 'zod'
import type { OpenSource, SourcePart } from './connector.ts'

const databaseName = 'sales'

export const salesDemoConfigSchema = z.strictObject({
  scale: z
    .number()
    .positive()
    .max(100)
    .default(0.01)
    .describe('Size of the database: 1 is a million orders and about four million items. Default: 0.01.'),
  data_directory: z
    .string()
    .min(1)
    .optional()
    .meta({ path: true })
    .describe(
      'Keep the database here from run to run, for trying incremental streams. Default: a temporary one, made anew.',
    ),
  replicate: z
    .boolean()
    .default(false)
    .describe(
      'Read changes from the log of the database, for trying `eclusa run --follow`; from run to run with data_directory. Default: false.',
    ),
})
export type SalesDemoConfig = z.input<typeof salesDemoConfigSchema>

/**
 * The sales database as a source: a PostgreSQL from npm that is started when the source is opened and ends when it is
 * closed. Its rows are the same every time, so projects can be tried out without an account, a server or a network.
 */
export const salesDemoSource: SourcePart = {
  description: 'The database of a sales company in an embedded PostgreSQL, made anew at each start. For trying out.',
  config: salesDemoConfigSchema,
  open: async (config, context) => await openSalesDemo(salesDemoConfigSchema.parse(config), context),
}

async function openSalesDemo(
  config: z.output<typeof salesDemoConfigSchema>,
  context: ConnectorContext,
): Promise<OpenSource> {
  const server = await startServer(config, context)
  try {
    if (!(await hasSales(server))) await fillServer(server, config.scale, context)
    const source = postgres({
      host: server.host,
      port: server.port,
      database: databaseName,
      username: server.user,
      password: server.password,
      ssl_mode: 'disable',
      schemas: ['sales'],
      ...(config.replicate ? { replication_method: { method: 'CDC' as const } } : {}),
    })
    let step = 0
    return {
      source,
      change: async () => {
        step += 1
        await withClient(server, databaseName, async (client) => await applySalesChanges(client, { step }))
      },
      [Symbol.asyncDispose]: async () => await server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function startServer(
  { data_directory: dataDir, replicate }: z.output<typeof salesDemoConfigSchema>,
  { signal, log }: ConnectorContext,
): Promise<PostgresLocal> {
  const startedAtMs = performance.now()
  const server = await startPostgresLocal({
    signal,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(replicate ? { settings: { wal_level: 'logical' } } : {}),
  })
  log.info(`Started an embedded PostgreSQL ${server.version} in ${secondsSince(startedAtMs)} s.`)
  return server
}

async function createDatabase(client: pg.Client): Promise<void> {
  // An earlier start may have been interrupted between the database and its rows.
  await client.query(`DROP DATABASE IF EXISTS ${databaseName}`)
  await client.query(`CREATE DATABASE ${databaseName}`)
}

/** The generator works in one transaction: where its database has the schema, it has all the rows. */
async function hasSales(server: PostgresLocal): Promise<boolean> {
  const hasRows = async (database: string, sql: string) =>
    await withClient(server, database, async (client) => (await client.query(sql)).rowCount === 1)
  return (
    (await hasRows('postgres', `SELECT 1 FROM pg_database WHERE datname = '${databaseName}'`)) &&
    (await hasRows(databaseName, "SELECT 1 FROM pg_namespace WHERE nspname = 'sales'"))
  )
}

async function fillServer(server: PostgresLocal, scale: number, { signal, log }: ConnectorContext): Promise<void> {
  const startedAtMs = performance.now()
  await withClient(server, 'postgres', async (client) => await createDatabase(client))
  await withClient(server, databaseName, async (client) => {
    // Stopping the server is the surest way to interrupt the generator.
    const interrupt = () => void server.stop()
    signal.addEventListener('abort', interrupt, { once: true })
    await createSales(client, { scale })
    signal.removeEventListener('abort', interrupt)
  })
  log.info(`Made the sales database at scale ${scale} in ${secondsSince(startedAtMs)} s.`)
}

async function withClient<Result>(
  server: PostgresLocal,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: server.connectionString(database) })
  // A connection that breaks also fails the query under way, which is where it is told.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function secondsSince(startedAtMs: number): string {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1)
}
