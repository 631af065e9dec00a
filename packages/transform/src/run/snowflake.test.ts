import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { ProjectTrial } from '../testing/project-trial.ts'

/* A dbt project on the local endpoint of Snowflake, through Snowflake's own driver. No account was there to try it on. */

async function openTrial() {
  const server = await startSnowflakeLocal({ users: [{ name: 'TRIAL', password: 'p' }] })
  const { account, host, port } = server
  const warehouse = await openSnowflake({
    account,
    host,
    port,
    protocol: 'http',
    user: 'TRIAL',
    database: 'ANALYTICS',
    authentication: { method: 'password', password: 'p' },
  })
  await using connection = await warehouse.connect()
  await connection.query('CREATE DATABASE analytics')
  return {
    warehouse,
    async [Symbol.asyncDispose]() {
      await warehouse[Symbol.asyncDispose]()
      await server.close()
    },
  }
}

it(
  'builds seeds, views, tables, incremental models, snapshots and tests, and again',
  { timeout: 120_000 },
  async () => {
    await using trial = await ProjectTrial.open(openTrial, {
      'seeds/raw_orders.csv': 'id,name,amount\n1,a,1.50\n2,b,2.25\n3,,3\n',
      'models/orders.sql': `select id, name, amount from {{ ref('raw_orders') }}`,
      'models/totals.sql': `{{ config(materialized='table', transient=false) }}
      select count(*) as n, sum(amount) as total from {{ ref('orders') }}`,
      'models/merged.sql': `{{ config(materialized='incremental', unique_key='id') }}
      select id, amount * 2 as twice from {{ ref('orders') }}
      {% if is_incremental() %} where id > 2 union all select 9, 0 {% endif %}`,
      'models/replaced.sql': `{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert') }}
      select id, {{ 2 if is_incremental() else 1 }} as round from {{ ref('orders') }}`,
      'models/schema.yml': `
models:
  - name: orders
    columns: [{name: id, data_tests: [unique, not_null]}]
snapshots:
  - name: history
    relation: ref('orders')
    config: {strategy: check, unique_key: id, check_cols: all}
unit_tests:
  - name: adds_up
    model: totals
    given: [{input: ref('orders'), rows: [{id: 1, amount: 1.5}, {id: 2, amount: 2}]}]
    expect: {rows: [{n: 2, total: 3.5}]}
`,
    })
    const statuses = async () =>
      Object.fromEntries(Object.entries(await trial.run({ command: 'build' })).map(([id, { status }]) => [id, status]))
    const first = await statuses()
    expect(new Set(Object.values(first))).toEqual(new Set(['success', 'pass']))
    expect(await trial.rows('select n::number(5,0), total::text from analytics.totals')).toEqual([[3, '6.75']])

    await trial.write('seeds/raw_orders.csv', 'id,name,amount\n1,a,1.50\n2,changed,2.25\n3,,3\n')
    expect(await statuses()).toEqual(first)
    expect(await trial.rows('select id::number(5,0) from analytics.merged order by 1')).toEqual([[1], [2], [3], [9]])
    expect(await trial.rows('select distinct round::number(5,0) from analytics.replaced')).toEqual([[2]])
    const versions = `select id::number(5,0), count(*)::number(5,0), count(dbt_valid_to)::number(5,0)
    from analytics.history group by 1 order by 1`
    expect(await trial.rows(versions)).toEqual([
      [1, 1, 0],
      [2, 2, 1],
      [3, 1, 0],
    ])
  },
)
