import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applySalesChanges, createSales, readSalesChecksum } from '@eclusa/example-sales'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { openDuckDb } from '@eclusa/warehouse'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHistory } from './composition.ts'
import { runCli } from './testing/run-cli.ts'
import type { CliResult } from './testing/run-cli.ts'

const scale = 0.002
let directory: string
let database: TestDatabase
let client: pg.Client
let demos: CliResult[]

/** The demo twice at once in one folder, while the same company is made here, and lives on, to compare with. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa demo '))
  const words = ['demo', '--scale', String(scale)]
  const running = Promise.all([runCli(words, { directory }), runCli([...words, '--log-format', 'json'], { directory })])
  const server = await testServer()
  database = await server.createDatabase()
  client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  await createSales(client, { scale })
  for (const step of [1, 2, 3, 4]) await applySalesChanges(client, { step })
  demos = await running
}, 180_000)

afterAll(async () => {
  await client.end()
  await database.drop()
  await rm(directory, { recursive: true })
})

test('two demos at once both succeed, each in a folder of its own', () => {
  expect(demos.map(({ code }) => code)).toEqual([0, 0])
  const [text, json] = demos as [CliResult, CliResult]
  expect(text.stdout).toContain('Revenue by month and department')
  expect(text.stdout).toContain('Go on with:')
  expect(text.stderr).toMatch(/change 4 of 4: [\d,]+ orders, [\d,]+ euros, .* after it was made in PostgreSQL/u)
  const lines = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; status?: string })
  expect(lines.filter(({ type }) => type === 'live')).toHaveLength(4)
  expect(lines.find(({ type }) => type === 'run_completed')).toMatchObject({ status: 'succeeded' })
  expect(lines.at(-1)).toMatchObject({ type: 'project' })
})

test('every table in the warehouse has as many rows as in PostgreSQL', async () => {
  const expected = await readSalesChecksum(client)
  expect(expected).toHaveLength(16)
  for (const name of ['eclusa-demo', 'eclusa-demo-2']) {
    await using warehouse = await openDuckDb({ path: join(directory, name, 'warehouse.duckdb') })
    await using connection = await warehouse.connect()
    for (const { tableName, rowCount } of expected) {
      const { rows } = await connection.query(`SELECT count(*)::INTEGER FROM sales."${tableName}"`)
      expect([tableName, rows[0]?.[0]]).toEqual([tableName, rowCount])
    }
  }
})

test('the star schema answers as PostgreSQL does', async () => {
  const { rows: expected } = await client.query<{
    month: string
    department: string
    revenue: string
    orders: number
  }>(`
    SELECT to_char(date_trunc('month', o.ordered_at AT TIME ZONE 'UTC'), 'YYYY-MM') AS month, top.name AS department,
           sum(i.line_total)::numeric(18, 2)::text AS revenue, count(DISTINCT o.order_id)::int AS orders
    FROM sales.order_items i
    JOIN sales.orders o USING (order_id)
    JOIN sales.products p USING (product_id)
    JOIN sales.categories c USING (category_id)
    JOIN sales.categories top ON top.category_id = coalesce(c.parent_id, c.category_id)
    WHERE o.status <> 'cancelled'
    GROUP BY 1, 2 ORDER BY 1, 2`)
  await using warehouse = await openDuckDb({ path: join(directory, 'eclusa-demo', 'warehouse.duckdb') })
  await using connection = await warehouse.connect()
  const { rows } = await connection.query(`
    SELECT strftime(month_start, '%Y-%m'), department_name, revenue::DECIMAL(18, 2)::VARCHAR, order_count::INTEGER
    FROM analytics.revenue_by_month ORDER BY 1, 2`)
  expect(rows.length).toBeGreaterThan(50)
  expect(rows).toEqual(expected.map(({ month, department, revenue, orders }) => [month, department, revenue, orders]))
})

test('the project that the demo leaves runs by itself', async () => {
  const project = join(directory, 'eclusa-demo')
  expect(await readFile(join(project, 'eclusa.yaml'), 'utf8')).toContain(`scale: ${scale}`)
  const again = await runCli(['run', '--quiet', '--config', project])
  expect(again).toMatchObject({ code: 0, stdout: '', stderr: '' })
  const history = await openHistory({ directory: project }).list()
  expect(history.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
})
