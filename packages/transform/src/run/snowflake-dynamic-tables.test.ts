import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcomesOf, records, SnowflakeTrials } from '../testing/snowflake-trials.ts'

/* Dynamic tables on the local endpoint of Snowflake, which keeps their settings and refreshes them when told to. */

let trials: SnowflakeTrials
beforeAll(async () => {
  trials = await SnowflakeTrials.start()
})
afterAll(async () => await trials?.[Symbol.asyncDispose]())

it('are made, altered where their settings are others, made anew for another refresh mode, and left alone else', async () => {
  const lagging = (config: string) => `{{ config(materialized='dynamic_table', ${config}) }}
    select id from {{ ref('base') }}`
  const first = `target_lag='1 minute', snowflake_warehouse='compute'`
  await using trial = await trials.open({
    'seeds/base.csv': 'id\n1\n',
    'models/lagging.sql': lagging(first),
  })
  await trial.query('create warehouse if not exists other')
  const settings = async () => {
    const [table] = await records(trial, 'show dynamic tables in schema analytics')
    return [table?.['target_lag'], table?.['warehouse'], table?.['refresh_mode'], table?.['cluster_by']]
  }
  const build = async (config: string, options = {}) => {
    await trial.write('models/lagging.sql', lagging(config))
    return (await trial.run(options))['lagging']
  }
  const rows = async () => (await trial.rows('select id::number(5,0) from analytics.lagging order by 1')).flat()

  expect(await outcomesOf(trial)).toEqual({ base: 'success', lagging: 'success' })
  expect([await settings(), await rows()]).toEqual([['1 minute', 'COMPUTE', 'AUTO', ''], [1]])

  await trial.query('insert into analytics.base values (2)')
  expect(await build(first, { command: 'run' })).toMatchObject({
    status: 'success',
    message: expect.stringContaining('skip'),
  })
  expect(await rows()).toEqual([1])
  await trial.query('alter dynamic table analytics.lagging refresh')
  expect(await rows()).toEqual([1, 2])

  const changed = `target_lag='2 hours', snowflake_warehouse='OTHER'`
  expect(await build(changed, { command: 'run' })).toMatchObject({ status: 'success' })
  expect(await settings()).toEqual(['2 hours', 'OTHER', 'AUTO', ''])

  const anew = `${changed}, refresh_mode='FULL', cluster_by=['id']`
  expect(await build(anew, { command: 'run' })).toMatchObject({ status: 'success' })
  expect(await settings()).toEqual(['2 hours', 'OTHER', 'FULL', 'LINEAR(id)'])

  const kept = `target_lag='3 hours', snowflake_warehouse='OTHER', on_configuration_change='continue'`
  expect(await build(kept, { command: 'run' })).toMatchObject({ status: 'success' })
  expect(await settings()).toEqual(['2 hours', 'OTHER', 'FULL', 'LINEAR(id)'])
  const refused = `target_lag='3 hours', snowflake_warehouse='OTHER', on_configuration_change='fail'`
  expect(await build(refused, { command: 'run' })).toMatchObject({ status: 'error' })

  expect(await build(kept, { command: 'run', fullRefresh: true })).toMatchObject({ status: 'success' })
  expect(await settings()).toEqual(['3 hours', 'OTHER', 'AUTO', ''])
})
