import { createSales } from '@eclusa/example-sales'
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
})
export type SalesDemoConfig = z.input<typeof salesDemoConfigSchema>

/**
 * The sales database as a source: a PostgreSQL from npm that is started when the source is opened and gone when it is
 * closed. Its rows are the same every time, so projects can be tried out without an account, a server or a network.
 */
export const salesDemoSource: SourcePart = {
  description: 'The database of a sales company in an embedded PostgreSQL, made anew at each start. For trying out.',
  config: salesDemoConfigSchema,
  open: async (config, context) => await openSalesDemo(salesDemoConfigSchema.parse(config), context),
}

async function openSalesDemo(
  { scale }: z.output<typeof salesDemoConfigSchema>,
  context: ConnectorContext,
): Promise<OpenSource> {
  const server = await startServer(context)
  try {
    await fillServer(server, scale, context)
    const source = postgres({
      host: server.host,
      port: server.port,
      database: databaseName,
      username: server.user,
      password: server.password,
      ssl_mode: 'disable',
      schemas: ['sales'],
    })
    return { source, [Symbol.asyncDispose]: async () => await server.stop() }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function startServer({ signal, log }: ConnectorContext): Promise<PostgresLocal> {
  const startedAtMs = performance.now()
  const server = await startPostgresLocal({ signal })
  log.info(`Started an embedded PostgreSQL ${server.version} in ${secondsSince(startedAtMs)} s.`)
  return server
}

async function fillServer(server: PostgresLocal, scale: number, { signal, log }: ConnectorContext): Promise<void> {
  const startedAtMs = performance.now()
  await withClient(server, 'postgres', async (client) => await client.query(`CREATE DATABASE ${databaseName}`))
  await withClient(server, databaseName, async (client) => {
    // Stopping the server is the surest way to interrupt the generator.
    const interrupt = () => void server.stop()
    signal.addEventListener('abort', interrupt, { once: true })
    await createSales(client, { scale })
    signal.removeEventListener('abort', interrupt)
  })
  log.info(`Made the sales database at scale ${scale} in ${secondsSince(startedAtMs)} s.`)
}

async function withClient(
  server: PostgresLocal,
  database: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString: server.connectionString(database) })
  // A connection that breaks also fails the query under way, which is where it is told.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function secondsSince(startedAtMs: number): string {
  return ((performance.now() - startedAtMs) / 1000).toFixed(1)
}
