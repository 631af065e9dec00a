import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

/* `publish: after_tests` */

const positive = 'select id from {{ ref("orders") }} where amount <= 0'

const orders = (config: string, amount = 5) =>
  `{{ config(publish='after_tests', ${config}) }} select 1 as id, cast(${amount} as integer) as amount`

describe.each(Object.entries(trialWarehouses))('a model that is published after its tests on %s', (warehouse, open) => {
  it('is seen with its new rows when they pass, and stays as it was when one fails', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/orders.sql': orders(`materialized='table', indexes=[{'columns': ['id'], 'unique': true}]`),
      'models/totals.sql': `{{ config(materialized='table') }} select sum(amount) as total from {{ ref('orders') }}`,
      'tests/positive.sql': positive,
    })
    const passed = await trial.run()
    expect(statusesOf(passed)).toEqual({ orders: 'success', totals: 'success', positive: 'pass' })
    expect(await relations(trial)).toEqual(['orders', 'totals'])

    await trial.write('models/orders.sql', orders(`materialized='table', indexes=[{'columns': ['id']}]`, -1))
    const said: string[] = []
    const failed = await trial.run({ emit: (event) => event.type === 'built aside' && said.push(event.name) })
    expect(statusesOf(failed)).toEqual({ orders: 'error', totals: 'skipped', positive: 'fail' })
    expect(failed['orders']?.message).toMatch(/^Not published, for it has not passed positive\..*"orders__audit"; /u)
    expect(said).toEqual(['orders__audit'])
    expect(await trial.rows('select amount from analytics.orders')).toEqual([[5]])
    expect(await trial.rows('select amount from analytics.orders__audit')).toEqual([[-1]])

    await trial.write('models/orders.sql', orders(`materialized='table', indexes=[{'columns': ['id']}]`, 7))
    expect((await trial.run())['orders']?.status).toBe('success')
    expect(await trial.rows('select total from analytics.totals')).toMatchObject([[expect.anything()]])
    expect(await trial.rows('select amount from analytics.orders')).toEqual([[7]])
    expect(await relations(trial)).toEqual(['orders', 'totals'])
    expect(await indexedTables(trial)).toEqual(['orders'])
  })

  it('adds the rows of an incremental model to a copy, with the indexes and constraints of the table', async () => {
    const incremental = (amount: number) => `
      {{ config(publish='after_tests', materialized='incremental', unique_key='id', indexes=[{'columns': ['amount']}],
         contract={'enforced': true}) }}
      select {% if is_incremental() %}(select count(*) + 1 from {{ this }})::integer{% else %}1{% endif %} as id,
        cast(${amount} as integer) as amount`
    await using trial = await ProjectTrial.open(open, {
      'models/orders.sql': incremental(5),
      'models/orders.yml': `models: [{name: orders, columns: [
        {name: id, data_type: integer, constraints: [{type: not_null}, {type: primary_key}]}, {name: amount, data_type: integer}]}]`,
      'tests/positive.sql': positive,
    })
    await trial.run()
    await trial.write('models/orders.sql', incremental(-1))
    expect(statusesOf(await trial.run())).toEqual({ orders: 'error', positive: 'fail' })
    expect(await trial.rows('select id, amount from analytics.orders order by id')).toEqual([[1, 5]])
    await trial.write('models/orders.sql', incremental(6))
    for (const count of [2, 3]) {
      expect(statusesOf(await trial.run())).toEqual({ orders: 'success', positive: 'pass' })
      expect(await trial.rows('select id from analytics.orders')).toHaveLength(count)
    }
    expect(await indexedTables(trial)).toEqual(warehouse === 'DuckDB' ? ['orders'] : ['orders', 'orders'])
    await expect(trial.query('insert into analytics.orders values (1, 9)')).rejects.toThrow(/duplicate|constraint/iu)
    await expect(trial.query('insert into analytics.orders values (null, 9)')).rejects.toThrow(/null/iu)
    expect(statusesOf(await trial.run({ fullRefresh: true }))).toEqual({ orders: 'success', positive: 'pass' })
    expect(await trial.rows('select id from analytics.orders')).toEqual([[1]])
  })

  it('publishes views and seeds too, and runs hooks once, on what is tested', async () => {
    await using trial = await ProjectTrial.open(open, {
      'dbt_project.yml': 'name: trial\nseeds: {+publish: after_tests}\n',
      'seeds/countries.csv': 'id,name\n1,pt\n',
      'models/orders.sql': orders(`materialized='table', post_hook='update {{ this }} set amount = amount + 1'`, 0),
      'models/names.sql': `{{ config(publish='after_tests') }} select name from {{ ref('countries') }}`,
      'tests/positive.sql': positive,
      'tests/named.sql': `select * from {{ ref('names') }} where name = ''`,
      'tests/coded.sql': `select * from {{ ref('countries') }} where name = 'es'`,
    })
    expect(new Set(Object.values(statusesOf(await trial.run())))).toEqual(new Set(['success', 'pass']))
    expect(await trial.rows('select amount from analytics.orders')).toEqual([[1]])
    await trial.write('seeds/countries.csv', 'id,name\n1,es\n')
    expect(statusesOf(await trial.run())).toMatchObject({
      countries: 'error',
      coded: 'fail',
      names: 'skipped',
      named: 'skipped',
    })
    expect(await trial.rows('select name from analytics.names')).toEqual([['pt']])
  })
})

describe('a model that is published after its tests', () => {
  // Nothing of this is the warehouse's doing.
  const open = trialWarehouses.DuckDB

  it('holds two models back for a test that looks at both, and runs one that looks below after the publishing', async () => {
    const model = (id: number) => `{{ config(publish='after_tests', materialized='table') }} select ${id} as id`
    await using trial = await ProjectTrial.open(open, {
      'models/one.sql': model(1),
      'models/two.sql': model(2),
      'models/below.sql': `{{ config(materialized='view') }} select * from {{ ref('one') }}`,
      'tests/same.sql': `select * from {{ ref('one') }} one join {{ ref('two') }} two on one.id <> two.id`,
      'tests/lower.sql': `select * from {{ ref('one') }} one join {{ ref('below') }} below on one.id <> below.id`,
    })
    expect(statusesOf(await trial.run())).toEqual({
      one: 'error',
      two: 'error',
      below: 'skipped',
      same: 'fail',
      lower: 'skipped',
    })
    await trial.write('models/two.sql', model(1))
    expect(Object.values(statusesOf(await trial.run())).toSorted()).toEqual([
      'pass',
      'pass',
      ...Array<string>(3).fill('success'),
    ])
  })

  it('does not let two tests wait for each other across models that both are held back', async () => {
    const model = (sql: string) => `{{ config(publish='after_tests', materialized='table') }} ${sql}`
    await using trial = await ProjectTrial.open(open, {
      'models/a.sql': model('select 1 as id'),
      'models/b.sql': model('select 1 as id'),
      'models/on_a.sql': `select * from {{ ref('a') }}`,
      'models/on_b.sql': `select * from {{ ref('b') }}`,
      'tests/one.sql': `select * from {{ ref('a') }} x join {{ ref('on_b') }} y on x.id <> y.id`,
      'tests/other.sql': `select * from {{ ref('b') }} x join {{ ref('on_a') }} y on x.id <> y.id`,
    })
    const built = { a: 'success', b: 'success', on_a: 'success', on_b: 'success' }
    expect(statusesOf(await trial.run())).toEqual({ ...built, one: 'pass', other: 'pass' })
  })

  it('is published as it is built where the run has no test of it, and says so', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/orders.sql': orders(`materialized='table'`),
      'tests/positive.sql': positive,
    })
    const said: string[] = []
    const results = await trial.run({
      command: 'run',
      emit: (event) => event.type === 'log' && event.level === 'warn' && said.push(event.message),
    })
    expect(results['orders']?.status).toBe('success')
    expect(await relations(trial)).toEqual(['orders'])
    expect(said).toEqual([expect.stringContaining('visible at once: orders')])
  })
})

it('keeps what was granted on an incremental model by hand', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.PostgreSQL, {
    'models/orders.sql': orders(`materialized='incremental', unique_key='id'`),
    'tests/positive.sql': positive,
  })
  await trial.run()
  await trial.query('grant update on analytics.orders to pg_monitor with grant option')
  await trial.run()
  const granted = await trial.rows(
    `select grantee, privilege_type, is_grantable from information_schema.role_table_grants
     where table_name = 'orders' and grantee <> current_user order by 1`,
  )
  expect(granted).toEqual([['pg_monitor', 'UPDATE', 'YES']])
})

it('refuses what it cannot build aside', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.DuckDB, {
    'models/orders.sql': orders(`materialized='table'`).replace('after_tests', 'later'),
  })
  await expect(trial.run()).rejects.toThrow(/publish is "later": it can be after_tests or at_once/u)
  await trial.write('models/orders.sql', orders(`materialized='materialized_view'`))
  await expect(trial.run()).rejects.toThrow(/not for materialized_view/u)
})

function statusesOf(results: Awaited<ReturnType<ProjectTrial['run']>>): Record<string, string> {
  return Object.fromEntries(Object.entries(results).map(([name, { status }]) => [name, status]))
}

async function relations(trial: ProjectTrial): Promise<unknown[]> {
  const rows = await trial.rows(
    `select table_name from information_schema.tables where table_schema = 'analytics' order by 1`,
  )
  return rows.map(([name]) => name)
}

async function indexedTables(trial: ProjectTrial): Promise<unknown[]> {
  const rows = await trial.rows(
    trial.warehouse.type === 'duckdb'
      ? 'select table_name from duckdb_indexes()'
      : `select tablename from pg_indexes where schemaname = 'analytics'`,
  )
  return rows.map(([name]) => name)
}
