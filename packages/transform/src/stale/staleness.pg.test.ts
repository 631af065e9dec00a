import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'
import type { RunOptions } from '../testing/project-trial.ts'

/* `--only-stale` */

const shop = {
  'seeds/countries.csv': 'id,name\n1,pt\n',
  'models/stg.sql': `select id, name from {{ ref('countries') }}`,
  'models/lone.sql': `{{ config(materialized='table') }} select 1 as id`,
  'models/eph.sql': `{{ config(materialized='ephemeral') }} select * from {{ ref('stg') }}`,
  'models/facts.sql': `{{ config(materialized='incremental', unique_key='id') }} select id from {{ ref('eph') }}
    {% if is_incremental() %}where id >= (select max(id) from {{ this }}){% endif %}`,
  'models/below.sql': `{{ config(materialized='table') }} select * from {{ ref('facts') }}`,
  'models/shop.yml': `models: [{name: stg, columns: [{name: id, tests: [unique]}]}]
unit_tests: [{name: one, model: lone, given: [], expect: {rows: [{id: 1}]}}]`,
  'snapshots/kept.yml': `snapshots: [{name: kept, relation: ref('stg'), config: {unique_key: id, strategy: check, check_cols: all}}]`,
  'tests/few.sql': `select * from {{ ref('below') }} where id > 100`,
}

describe.each(Object.entries(trialWarehouses))('building only what is stale on %s', (_, open) => {
  it('leaves out everything when nothing has changed, and builds what a change reaches', async () => {
    await using trial = await ProjectTrial.open(open, shop)
    const first = await trial.run(stale)
    expect(first).toSatisfy((results: typeof first) => built(results).length === Object.keys(results).length)
    expect(Object.keys(first)).toHaveLength(9)
    const second = await trial.run(stale)
    expect(built(second)).toEqual([])
    expect(second['below']).toMatchObject({
      status: 'no-op',
      message: expect.stringMatching(/^Unchanged since 20/u) as string,
    })

    await trial.write('models/lone.sql', `{{ config(materialized='table') }} select 1 as id, 2 as more`)
    await trial.write('models/facts.sql', shop['models/facts.sql'].replace('>=', '>'))
    expect(built(await trial.run(stale))).toEqual(['below', 'facts', 'few', 'lone', 'lone.one'])
    await trial.write('seeds/countries.csv', 'id,name\n1,pt\n2,es\n')
    expect(built(await trial.run(stale))).toEqual(everyone(first, 'lone', 'lone.one'))
    expect(await trial.rows('select count(*)::integer from analytics.below')).toEqual([[2]])
    expect(built(await trial.run({ ...stale, fullRefresh: true }))).toEqual(everyone(first, 'lone', 'lone.one'))
    expect(built(await trial.run({ ...stale, command: 'test' }))).toEqual([])
  })

  it('builds what somebody else has dropped or made anew, and what reads it', async () => {
    await using trial = await ProjectTrial.open(open, shop)
    await trial.run(stale)
    await trial.query('drop table analytics.below')
    expect(built(await trial.run(stale))).toEqual(['below', 'few'])
    await trial.query('drop table analytics.below')
    await trial.query('create table analytics.below as select 7 as id')
    expect(built(await trial.run(stale))).toEqual(['below', 'few'])
    await trial.query('drop table analytics._eclusa_builds')
    expect(built(await trial.run(stale))).toHaveLength(9)
  })

  it('asks sources for their last row, and says where there is nothing to ask', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/sources.yml': `sources: [{name: raw, schema: raw, tables: [{name: orders, loaded_at_field: loaded_at}, {name: dark}]}]`,
      'models/watched.sql': `{{ config(materialized='table') }} select id from {{ source('raw', 'orders') }}`,
      'models/view.sql': `select * from {{ source('raw', 'orders') }}`,
      'models/over.sql': `{{ config(materialized='table') }} select count(*) as n from {{ ref('view') }}`,
      'models/dark.sql': `{{ config(materialized='table') }} select id from {{ source('raw', 'dark') }}`,
      'models/patient.sql': `{{ config(materialized='table', stale_after='6 hours') }} select id from {{ source('raw', 'dark') }}`,
    })
    await trial.query('create schema raw')
    await trial.query(`create table raw.orders as select 1 as id, timestamp '2026-01-01 00:00:00' as loaded_at`)
    await trial.query('create table raw.dark as select 1 as id')
    await trial.run(stale)
    const said: string[] = []
    const emit: RunOptions['emit'] = (event) =>
      event.type === 'log' && event.level === 'info' && said.push(event.message)
    expect(built(await trial.run({ ...stale, emit }))).toEqual(['dark'])
    expect(said).toEqual([
      expect.stringMatching(/^What reads it is always built, as nothing tells whether rows of source raw\.dark/u),
    ])
    await trial.query(`insert into raw.orders values (2, timestamp '2026-01-02 00:00:00')`)
    expect(built(await trial.run(stale))).toEqual(['dark', 'over', 'view', 'watched'])
  })

  it('writes the record in the transaction that makes the build visible', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/orders.sql': `{{ config(materialized='table', publish='after_tests') }} select 1 as id`,
      'models/plain.sql': `{{ config(materialized='table') }} select 1 as id`,
      'models/after.sql': `{{ config(materialized='table', post_hook=after_commit('select no_such')) }} select 1 as id`,
      'tests/few.sql': `select * from {{ ref('orders') }} where id > 1`,
    })
    const sent: string[] = []
    const results = await trial.run({ ...stale, threads: 1, warehouse: recording(trial.warehouse, sent) })
    expect(results['after']?.status).toBe('error')
    const steps = sent.map((sql) =>
      /^(begin|commit|rollback)$|rename to ("(?:plain|orders)")|(insert) into .*_eclusa_builds.*'model\.trial\.(?:plain|orders)'/u
        .exec(sql)
        ?.slice(1)
        .find(Boolean),
    )
    const told = steps.filter((step) => step !== undefined).join(' ')
    expect(told).toContain('begin "plain" insert commit')
    expect(told).toContain('begin "orders" insert commit')
    expect(await trial.rows(`select node from analytics._eclusa_builds order by 1`)).toEqual([
      ['model.trial.orders'],
      ['model.trial.plain'],
      ['test.trial.few'],
    ])
    expect(built(await trial.run(stale))).toEqual(['after'])
  })
})

describe('building only what is stale', () => {
  // Nothing of this is the warehouse's doing.
  const open = trialWarehouses.DuckDB

  it('goes by what runs without the option have built, where records are kept', async () => {
    await using trial = await ProjectTrial.open(open, shop)
    await trial.run()
    expect(await trial.rows(records)).toEqual([])
    await trial.run(stale)
    await trial.run({ command: 'run', fullRefresh: true })
    expect(built(await trial.run(stale))).toEqual(['few', 'kept', 'unique_stg_id.hash'])
    await trial.run({ command: 'run', empty: true })
    expect(built(await trial.run(stale))).toEqual(
      expect.arrayContaining(['below', 'facts', 'few', 'kept', 'lone', 'stg', 'unique_stg_id.hash']) as string[],
    )
  })

  it('always builds what differs each time or reads past ref(), unless it is told how long that may be ignored', async () => {
    const table = (sql: string, config = '') => `{{ config(materialized='table'${config}) }} ${sql}`
    await using trial = await ProjectTrial.open(open, {
      'models/clock.sql': table('select now() as at'),
      'models/patient.sql': table('select now() as at', `, stale_after={'count': 1, 'period': 'hour'}`),
      'models/never.sql': table('select now() as at', `, stale_after='never'`),
      'models/past.sql': table('select * from information_schema.schemata'),
      'models/started.sql': table(`select '{{ run_started_at }}' as at`),
      'models/calm.sql': table('select 1 as id'),
    })
    await trial.run(stale)
    expect(built(await trial.run(stale))).toEqual(['clock', 'past', 'started'])
    await trial.query(`update analytics._eclusa_builds set built_at = '2026-01-01T00:00:00.000Z'`)
    expect(built(await trial.run(stale))).toEqual(['clock', 'past', 'patient', 'started'])
    await trial.write('models/never.sql', table('select now() as at', `, stale_after='often'`))
    await expect(trial.run(stale)).rejects.toThrow(/never \(models\/never\.sql\): stale_after is "often"/u)
  })

  it('builds what is built by another macro of the project, or followed by another one', async () => {
    const own = (mark: number, value: number) => ({
      'macros/own.sql': `{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
        create table {{ relation }} as select ${mark} as mark, * from ({{ compiled_code }}) as rows {% endmacro %}
        {% macro after() %}select ${value}{% endmacro %}`,
    })
    await using trial = await ProjectTrial.open(open, {
      ...own(1, 1),
      'models/hooked.sql': `{{ config(post_hook='{{ after() }}') }} select 1 as id`,
      'models/orders.sql': `{{ config(materialized='table') }} select 1 as id`,
      'models/passing.sql': `{{ config(materialized='table', post_hook='drop table {{ this }}', stale_after='never') }} select 1 as id`,
    })
    expect((await trial.run(stale))['passing']?.status).toBe('success')
    expect(built(await trial.run(stale))).toEqual(['passing'])
    await trial.write('models/passing.sql', `{{ config(enabled=false) }}`)
    await trial.write('macros/own.sql', own(1, 2)['macros/own.sql'])
    expect(built(await trial.run(stale))).toEqual(['hooked'])
    await trial.write('macros/own.sql', own(2, 2)['macros/own.sql'])
    expect(built(await trial.run(stale))).toEqual(['hooked', 'orders'])
  })

  it('leaves out tests that have passed before a view or a table was published', async () => {
    await using trial = await ProjectTrial.open(open, {
      'dbt_project.yml': 'name: trial\nmodels: {+publish: after_tests}\n',
      'models/base.sql': `{{ config(materialized='table') }} select 1 as id`,
      'models/over.sql': `select id from {{ ref('base') }}`,
      'models/tests.yml': `models: [{name: base, columns: [{name: id, tests: [unique]}]}, {name: over, columns: [{name: id, tests: [unique]}]}]`,
    })
    await trial.run(stale)
    expect(built(await trial.run(stale))).toEqual([])
  })

  it('runs a test again until it passes, and builds what waited for it', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/orders.sql': `{{ config(materialized='table') }} select 1 as id`,
      'models/below.sql': `{{ config(materialized='table') }} select * from {{ ref('orders') }}`,
      'tests/none.sql': `select * from {{ ref('orders') }}`,
    })
    for (const _run of [1, 2]) {
      expect((await trial.run(stale))['none']?.status).toBe('fail')
    }
    expect((await trial.run(stale))['orders']?.status).toBe('no-op')
    await trial.write('tests/none.sql', `select * from {{ ref('orders') }} where id > 1`)
    expect(built(await trial.run(stale))).toEqual(['below', 'none'])
    expect(built(await trial.run(stale))).toEqual([])
  })
})

const stale = { onlyStale: true } as const
const records = `select table_name from information_schema.tables where table_name = '_eclusa_builds'`

/** Names of what was not left out. */
function built(results: Awaited<ReturnType<ProjectTrial['run']>>): string[] {
  const names = Object.entries(results).filter(([, { status }]) => status !== 'no-op')
  return names.map(([name]) => name.replace(/\.[0-9a-f]{10}$/u, '.hash')).toSorted()
}

function everyone(results: Awaited<ReturnType<ProjectTrial['run']>>, ...but: readonly string[]): string[] {
  return built(results).filter((name) => !but.includes(name))
}

function recording(warehouse: Warehouse, sent: string[]): Warehouse {
  const connect = async (): Promise<WarehouseConnection> => {
    const connection = await warehouse.connect()
    return {
      query: async (sql, options) => {
        sent.push(sql.trim())
        return await connection.query(sql, options)
      },
      [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
    }
  }
  return { type: warehouse.type, database: warehouse.database, connect, [Symbol.asyncDispose]: () => Promise.resolve() }
}
