import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import type { StepNodeEvent, Warehouse } from '@eclusa/sdk'
import { dialectOf, openDuckDb, openPostgres } from '@eclusa/warehouse'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from './load-project.ts'
import { runProject } from './run/run-project.ts'
import type { RunProjectOptions, RunProjectResult } from './run/run-project.ts'

const fixtures = path.resolve(import.meta.dirname, '../fixtures')
const log = { debug() {}, info() {}, warn() {}, error() {} }

interface Opened {
  readonly warehouse: Warehouse
  close(): Promise<void>
}

const warehouses: Readonly<Record<string, (directory: string) => Promise<Opened>>> = {
  DuckDB: async (directory) => {
    const warehouse = await openDuckDb({ path: path.join(directory, 'shop.duckdb') })
    return { warehouse, close: async () => await warehouse[Symbol.asyncDispose]() }
  },
  PostgreSQL: async () => {
    const server = await testServer()
    const database = await server.createDatabase()
    const warehouse = await openPostgres(connectionOf(database.connectionString))
    return {
      warehouse,
      close: async () => {
        await warehouse[Symbol.asyncDispose]()
        await database.drop()
      },
    }
  },
}

describe.each(Object.entries(warehouses))('a project on %s', (_, open) => {
  let directory: string
  let opened: Opened
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'transform '))
    await cp(path.join(fixtures, 'shop'), directory, { recursive: true })
    opened = await open(directory)
    for (const statement of rawTables) await sql(statement)
  })
  afterEach(async () => {
    await opened.close()
    await rm(directory, { recursive: true })
  })

  async function sql(statement: string): Promise<readonly (readonly unknown[])[]> {
    await using connection = await opened.warehouse.connect()
    return (await connection.query(statement)).rows
  }

  async function build(
    options: Partial<RunProjectOptions> & { vars?: Record<string, unknown>; threads?: number } = {},
  ): Promise<RunProjectResult> {
    const { warehouse } = opened
    const { vars = {}, threads = 3, ...runOptions } = options
    const project = await loadProject({
      directory,
      dialect: dialectOf(warehouse),
      log,
      vars,
      target: { name: 'dev', type: warehouse.type, database: warehouse.database, schema: 'analytics', threads },
    })
    return await runProject(project, { warehouse, signal: new AbortController().signal, ...runOptions })
  }

  const write = async (file: string, text: string) => await writeFile(path.join(directory, file), text)
  const statuses = ({ results }: RunProjectResult) =>
    Object.fromEntries(results.map(({ name, status }) => [name, status]))

  it('builds views, tables, ephemeral and incremental models and passes its tests', async () => {
    const result = await build()
    expect(result.counts).toEqual({ pass: 14, warn: 0, error: 0, skip: 0, unchanged: 0, total: 14 })
    expect(await sql('select customer_id, name, total from analytics.customer_totals order by 1')).toEqual([
      [1, 'ana', '15.50'],
      [2, 'bea', '7.00'],
      [3, 'cy', expect.stringMatching(/^0/u)],
    ])
    expect(await sql('select initial from analytics_staging.stg_customers order by 1')).toEqual([['A'], ['B'], ['C']])
  })

  it('adds only new rows to an incremental model and overwrites those of equal key', async () => {
    await build()
    await sql(`insert into raw.orders_v1 values (5, 3, 'placed', 2.25, '2024-03-01')`)
    await sql(`update raw.orders_v1 set amount = 99 where id in (1, 3)`)
    await build()
    expect(await sql('select order_id, amount from analytics.order_facts order by 1')).toEqual([
      [1, '10.00'],
      [2, '5.50'],
      [3, '99.00'],
      [5, '2.25'],
    ])
    await build({ fullRefresh: true })
    expect(await sql('select amount from analytics.order_facts where order_id = 1')).toEqual([['99.00']])
  })

  it('merges on a key when asked to', async () => {
    await write(
      'models/marts/order_facts.sql',
      `{{ config(materialized='incremental', incremental_strategy='merge', unique_key=['order_id']) }} select order_id, customer_id, status, amount from {{ ref('stg_orders') }}`,
    )
    await build()
    await sql(`update raw.orders_v1 set amount = 1 where id = 1`)
    await build()
    expect(await sql('select count(*), sum(amount) from analytics.order_facts')).toEqual([[expect.anything(), '13.50']])
  })

  it('appends a new column to an incremental model, and fails on it where the model says so', async () => {
    await build()
    await build({ vars: { with_day: true } })
    expect(await sql('select count(*) from analytics.order_facts where ordered_on is not null')).toEqual([[1n]])
    const text = await readFile(path.join(directory, 'models/marts/order_facts.sql'), 'utf8')
    await write('models/marts/order_facts.sql', text.replace('append_new_columns', 'fail'))
    const failed = await build({ select: ['order_facts'] })
    expect(failed.results.find(({ name }) => name === 'order_facts')).toMatchObject({
      status: 'error',
      error: { code: 'MODEL_FAILED' },
    })
    expect(failed.results.find(({ name }) => name === 'order_facts')?.message).toMatch(/Gone: "ordered_on"/u)
  })

  it('leaves the old relation in place when a model fails, and skips what depends on it', async () => {
    await build()
    await write(
      'models/marts/customer_totals.sql',
      `{{ config(materialized='table') }} select nonsense from {{ ref('stg_customers') }}`,
    )
    const result = await build()
    const failed = result.results.find(({ name }) => name === 'customer_totals')
    expect(failed).toMatchObject({ status: 'error', error: { code: 'MODEL_FAILED' } })
    expect(failed?.message).toMatch(/models\/marts\/customer_totals\.sql/u)
    expect(failed?.message).toMatch(/nonsense/u)
    expect(statuses(result)['unique_customer_totals_customer_id']).toBe('skipped')
    expect(await sql('select count(*) from analytics.customer_totals')).toEqual([[3n]])
  })

  it('fails a test that finds rows, warns below its threshold, and builds nothing upon a failure', async () => {
    await sql(`insert into raw.customers values (1, 'twin')`)
    await sql(
      `insert into raw.orders_v1 select 100 + i, 1, 'placed', null, '2024-05-01' from generate_series(1, 11) as s(i)`,
    )
    const result = await build()
    expect(statuses(result)).toMatchObject({
      source_unique_raw_customers_id: 'fail',
      stg_customers: 'skipped',
      every_order_has_an_amount: 'warn',
    })
    expect(result.results.find(({ name }) => name === 'every_order_has_an_amount')?.failures).toBe(11)
  })

  it('runs only what is selected', async () => {
    const result = await build({ select: ['stg_orders'], command: 'run' })
    expect(statuses(result)).toEqual({ stg_orders: 'success' })
  })

  it('replaces a view by a table of the same name and back', async () => {
    await build({ command: 'run' })
    await write(
      'models/staging/stg_customers.sql',
      `{{ config(materialized='table') }} select id as customer_id, name, 'x' as initial from {{ source('raw', 'customers') }}`,
    )
    expect((await build({ command: 'run' })).counts.error).toBe(0)
    await write(
      'models/staging/stg_customers.sql',
      `{{ config(materialized='view') }} select id as customer_id, name, 'y' as initial from {{ source('raw', 'customers') }}`,
    )
    expect((await build({ command: 'run' })).counts.error).toBe(0)
    expect(await sql('select distinct initial from analytics_staging.stg_customers')).toEqual([['y']])
  })

  it('queries the warehouse while a template renders', async () => {
    await write(
      'models/marts/customer_totals.sql',
      `{% set names = run_query('select name from ' ~ ref('stg_customers') ~ ' order by 1') %}
      {{ config(materialized='table') }} select {% if execute %}{{ names.columns[0].values() | length }}{% else %}0{% endif %} as customer_id, 'n' as name`,
    )
    await build({ select: ['+customer_totals'], command: 'run' })
    expect(await sql('select customer_id from analytics.customer_totals')).toEqual([[3]])
  })

  it('writes the compiled SQL where dbt does', async () => {
    await build({ select: ['stg_orders'] })
    expect(await readFile(path.join(directory, 'target/compiled/shop/models/staging/stg_orders.sql'), 'utf8')).toMatch(
      />= '2024-01-01'/u,
    )
  })

  it('tells of every node when it starts and when it ends', async () => {
    const events: StepNodeEvent[] = []
    await build({ select: ['stg_orders'], command: 'run', emit: (event) => events.push(event) })
    expect(events.map(({ node, status }) => `${node} ${status}`)).toEqual([
      'stg_orders started',
      'stg_orders succeeded',
    ])
  })
})

describe('models that do not depend on each other', () => {
  it('run at the same time', async () => {
    const server = await testServer()
    await using database = await server.createDatabase()
    await using warehouse = await openPostgres(connectionOf(database.connectionString))
    const directory = await mkdtemp(path.join(tmpdir(), 'transform-'))
    await cp(path.join(fixtures, 'handshake'), directory, { recursive: true })
    const project = await loadProject({
      directory,
      dialect: dialectOf(warehouse),
      log,
      target: { name: 'dev', type: 'postgres', database: warehouse.database, schema: 'analytics', threads: 2 },
    })
    await using connection = await warehouse.connect()
    await connection.query(handshakeFunction)
    // Each model waits until it sees the other's session: alone, one would wait until its statement is cancelled.
    const { counts } = await runProject(project, { warehouse, signal: AbortSignal.timeout(30_000) })
    await rm(directory, { recursive: true })
    expect(counts).toMatchObject({ pass: 2, error: 0 })
  })
})

describe('a run that is aborted', () => {
  it('cancels the statement at the server and rejects', async () => {
    const server = await testServer()
    await using database = await server.createDatabase()
    await using warehouse = await openPostgres(connectionOf(database.connectionString))
    const directory = await mkdtemp(path.join(tmpdir(), 'transform-'))
    await cp(path.join(fixtures, 'endless'), directory, { recursive: true })
    const project = await loadProject({
      directory,
      dialect: dialectOf(warehouse),
      log,
      target: { name: 'dev', type: 'postgres', database: warehouse.database, schema: 'analytics', threads: 2 },
    })
    const controller = new AbortController()
    const run = runProject(project, {
      warehouse,
      signal: controller.signal,
      emit: (event) => event.status === 'started' && controller.abort(new Error('enough')),
    })
    await expect(run).rejects.toThrow('enough')
    await using connection = await warehouse.connect()
    const { rows } = await connection.query(
      `select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`,
    )
    await rm(directory, { recursive: true })
    expect(rows).toEqual([[0n]])
  })
})

function connectionOf(connectionString: string): Parameters<typeof openPostgres>[0] {
  const { hostname: host, port, username: user, password, pathname } = new URL(connectionString)
  return { host, port: Number(port), user, password, database: pathname.slice(1) }
}

const rawTables = [
  'create schema raw',
  'create table raw.customers (id int, name varchar)',
  `insert into raw.customers values (1, 'ana'), (2, 'bea'), (3, 'cy')`,
  'create table raw.orders_v1 (id int, customer_id int, status varchar, amount decimal(10, 2), ordered_on date)',
  `insert into raw.orders_v1 values (1, 1, 'placed', 10, '2024-01-02'), (2, 1, 'shipped', 5.5, '2024-01-03'), (3, 2, 'lost', 7, '2024-02-01'), (4, 2, 'placed', 1, '2023-12-31')`,
]

const handshakeFunction = `
create function public.meet(mine int, other int) returns int language plpgsql as $$
begin
  perform pg_advisory_lock(mine);
  loop
    exit when exists (select from pg_locks where locktype = 'advisory' and objid = other);
  end loop;
  return mine;
end $$`
