import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import type { Log } from '@eclusa/sdk'
import { loadProject, runProject } from '@eclusa/transform'
import { dialectOf, openPostgres } from '@eclusa/warehouse'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { applySalesChanges, createSales } from './sales-database.ts'
import { salesExample } from './sales-example.ts'

// The warehouse is the company's own database here, so that the models' figures can be compared with their sources.
const server = await testServer()

let database: TestDatabase
let scratch: string

beforeAll(async () => {
  database = await server.createDatabase()
  // The runner writes what it compiled beside the project.
  scratch = await mkdtemp(join(tmpdir(), 'sales-project-'))
  await cp(salesExample.dbtDir, scratch, { recursive: true })
  await withClient((client) => createSales(client, { scale: 0.002 }))
})

afterAll(async () => {
  await database.drop()
  await rm(scratch, { recursive: true })
})

it('builds all models, and all their tests pass', async () => {
  expect(await build()).toEqual({ pass: 112, warn: 0, error: 0, skip: 0, unchanged: 0, total: 112 })
  expect(await countsOf('fct_sales', 'dim_customer', 'dim_product', 'dim_store')).toEqual(
    await countsOf('order_items', 'customers', 'products', 'stores'),
  )
  expect(await factSums()).toEqual(await sourceSums())
})

it('follows changes by rebuilding only the orders they touch', async () => {
  await withClient(async (client) => {
    for (let step = 1; step <= 6; step++) await applySalesChanges(client, { step })
  })
  const before = await rowVersions()
  expect(await build()).toMatchObject({ pass: 112, total: 112 })
  const after = await rowVersions()
  expect(await factSums()).toEqual(await sourceSums())
  const kept = [...before].filter(([key, version]) => after.get(key) === version).length
  expect(kept).toBeGreaterThan(before.size / 2)
  expect(kept).toBeLessThan(before.size)
})

async function build(): Promise<Readonly<Record<string, number>>> {
  const { signal } = new AbortController()
  const { host, port, user, password } = server
  await using warehouse = await openPostgres({ host, port, user, password, database: database.name, signal })
  const project = await loadProject({
    directory: scratch,
    dialect: dialectOf(warehouse),
    target: { name: 'dev', type: warehouse.type, database: warehouse.database, schema: 'analytics', threads: 2 },
    log: silent,
  })
  return (await runProject(project, { warehouse, signal })).counts
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const measures = `count(*) filter (where counts) as lines, sum(quantity) filter (where counts) as quantity,
  sum(gross) filter (where counts) as gross, sum(net) filter (where counts) as net, sum(refund) as refund`

function factSums(): Promise<Record<string, unknown>[]> {
  return rowsOf(`select ${measures} from (
    select not is_cancelled as counts, quantity, gross_amount as gross, net_amount as net, refund_amount as refund
    from analytics.fct_sales
  ) facts`)
}

function sourceSums(): Promise<Record<string, unknown>[]> {
  return rowsOf(`select ${measures} from (
    select o.status <> 'cancelled' as counts, i.quantity, i.quantity * i.unit_price as gross, i.line_total as net,
      coalesce((select sum(refund_amount) from sales.returns r where r.order_id = i.order_id and r.line_number = i.line_number), 0) as refund
    from sales.order_items i join sales.orders o using (order_id)
  ) sources`)
}

/** Which transaction wrote each row of the fact table. */
async function rowVersions(): Promise<Map<string, string>> {
  const rows = await rowsOf('select order_item_id, xmin::text as version from analytics.fct_sales')
  return new Map(rows.map((row) => [String(row['order_item_id']), String(row['version'])]))
}

async function countsOf(...tables: string[]): Promise<unknown[]> {
  return withClient(async (client) => {
    await client.query('set search_path = analytics, sales')
    const counts: unknown[] = []
    for (const table of tables)
      counts.push((await client.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]?.count)
    return counts
  })
}

function rowsOf(sql: string): Promise<Record<string, unknown>[]> {
  return withClient(async (client) => (await client.query<Record<string, unknown>>(sql)).rows)
}

async function withClient<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: database.connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
