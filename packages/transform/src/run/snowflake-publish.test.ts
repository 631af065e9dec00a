import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcomesOf, records, SnowflakeTrials } from '../testing/snowflake-trials.ts'

/* `publish: after_tests` on the local endpoint of Snowflake. */

let trials: SnowflakeTrials
beforeAll(async () => {
  trials = await SnowflakeTrials.start()
})
afterAll(async () => await trials?.[Symbol.asyncDispose]())

it('models are seen with their new rows when their tests pass, and stay as they were when one fails', async () => {
  const table = (amount: number) =>
    `{{ config(materialized='table', publish='after_tests') }} select 1 as id, ${amount} as amount`
  const added = (amount: number) => `{{ config(materialized='incremental', publish='after_tests', unique_key='id') }}
    select {% if is_incremental() %}(select count(*) + 1 from {{ this }}){% else %}1{% endif %}::int as id, ${amount} as amount`
  const view = (amount: number) => `{{ config(publish='after_tests') }} select 1 as id, ${amount} as amount`
  const models = (amount: number) => ({ orders: table(amount), added: added(amount), looked: view(amount) })
  const positive = (model: string) => `select id from {{ ref('${model}') }} where amount <= 0`
  await using trial = await trials.open({
    ...Object.fromEntries(Object.entries(models(5)).map(([name, sql]) => [`models/${name}.sql`, sql])),
    ...Object.fromEntries(Object.keys(models(5)).map((name) => [`tests/${name}_is_positive.sql`, positive(name)])),
  })
  const write = async (amount: number) => {
    for (const [name, sql] of Object.entries(models(amount))) await trial.write(`models/${name}.sql`, sql)
  }
  const built = { orders: 'success', added: 'success', looked: 'success' }
  const passed = { orders_is_positive: 'pass', added_is_positive: 'pass', looked_is_positive: 'pass' }
  const amounts = async () =>
    await trial.rows(`select 'orders', id, amount from analytics.orders union all select 'added', id, amount from analytics.added
      union all select 'looked', id, amount from analytics.looked order by 1 desc, 2`)

  expect(await outcomesOf(trial)).toEqual({ ...built, ...passed })
  await write(-1)
  const failed = await outcomesOf(trial)
  for (const name of ['orders', 'added', 'looked']) {
    expect(failed[name]).toMatch(new RegExp(`^error: Not published, for it has not passed ${name}_is_positive`, 'u'))
  }
  expect((await amounts()).map(([name, id, amount]) => [name, Number(id), Number(amount)])).toEqual([
    ['orders', 1, 5],
    ['looked', 1, 5],
    ['added', 1, 5],
  ])
  await write(7)
  expect(await outcomesOf(trial)).toEqual({ ...built, ...passed })
  expect((await amounts()).map(([name, id, amount]) => [name, Number(id), Number(amount)])).toEqual([
    ['orders', 1, 7],
    ['looked', 1, 7],
    ['added', 1, 5],
    ['added', 2, 7],
  ])
  const left = await records(trial, 'show objects in schema analytics')
  expect(left.map(({ name, kind }) => [name, kind])).toEqual([
    ['ADDED', 'TABLE'],
    ['LOOKED', 'VIEW'],
    ['ORDERS', 'TABLE'],
  ])
})
