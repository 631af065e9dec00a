import { afterAll, beforeAll, expect, it } from 'vitest'
import { outcomesOf, records, SnowflakeTrials } from '../testing/snowflake-trials.ts'

/* What models leave behind on the local endpoint of Snowflake, through Snowflake's own driver. */

let trials: SnowflakeTrials
beforeAll(async () => {
  trials = await SnowflakeTrials.start()
})
afterAll(async () => await trials?.[Symbol.asyncDispose]())

it('makes tables and views as their configs say, first and again', async () => {
  await using trial = await trials.open({
    'models/permanent.sql': `{{ config(materialized='table', transient=false, cluster_by=['id', 'name'],
      automatic_clustering=true) }} select 1 as id, 'a' as name`,
    'models/fleeting.sql': `{{ config(materialized='table', copy_grants=true, sql_header='set answer = 42;') }}
      select $answer::int as id`,
    'models/secured.sql': `{{ config(secure=true, copy_grants=true) }} select * from {{ ref('permanent') }}`,
    'models/inner.sql': `{{ config(materialized='ephemeral') }} select 5 as five`,
    'models/outer.sql': `select five + 1 as six from {{ ref('inner') }}`,
    'models/schema.yml': `
models:
  - name: secured
    config: {grants: {select: [reporter]}}
unit_tests:
  - name: shows_all
    model: secured
    given: [{input: ref('permanent'), rows: [{id: 3, name: "it's"}, {id: 4}]}]
    expect: {rows: [{id: 3, name: "it's"}, {id: 4, name: null}]}
  - name: shows_none
    model: secured
    given: [{input: ref('permanent'), rows: [{id: 3}]}]
    expect: {rows: []}
    config: {enabled: "{{ var('is_wrong', false) }}"}
`,
  })
  await trial.query('create role if not exists reporter')
  const made = {
    permanent: 'success',
    fleeting: 'success',
    'secured.shows_all': 'pass',
    secured: 'success',
    outer: 'success',
  }
  expect(await outcomesOf(trial)).toEqual(made)
  await trial.query('grant select on table analytics.fleeting to role reporter')
  expect(await outcomesOf(trial)).toEqual(made)

  const tables = await records(trial, 'show tables in schema analytics')
  expect(
    tables.map(({ name, kind, cluster_by, automatic_clustering }) => [name, kind, cluster_by, automatic_clustering]),
  ).toEqual([
    ['FLEETING', 'TRANSIENT', '', 'OFF'],
    ['PERMANENT', 'TABLE', 'LINEAR(id, name)', 'ON'],
  ])
  const views = await records(trial, 'show views in schema analytics')
  expect(views.map(({ name, is_secure }) => [name, is_secure])).toEqual([
    ['OUTER', 'false'],
    ['SECURED', 'true'],
  ])
  for (const relation of ['view analytics.secured', 'table analytics.fleeting']) {
    const grants = await records(trial, `show grants on ${relation}`)
    expect(grants.map(({ privilege, grantee_name }) => [privilege, grantee_name])).toContainEqual([
      'SELECT',
      'REPORTER',
    ])
  }
  expect(await trial.rows('select six::number(3,0) from analytics.outer')).toEqual([[6]])
  const wrong = await outcomesOf(trial, { command: 'test', vars: { is_wrong: true } })
  expect(wrong).toMatchObject({ 'secured.shows_all': 'pass', 'secured.shows_none': expect.stringMatching(/^fail/u) })
})

it('takes the place of what is of another kind', async () => {
  await using trial = await trials.open({ 'models/one.sql': 'select 1 as id' })
  const kinds = [`materialized='view'`, `materialized='table'`, `materialized='incremental', unique_key='id'`]
  kinds.push(
    `materialized='dynamic_table', target_lag='1 minute', snowflake_warehouse='compute'`,
    `materialized='view'`,
  )
  kinds.push(
    `materialized='dynamic_table', target_lag='1 minute', snowflake_warehouse='compute'`,
    `materialized='table'`,
  )
  for (const config of kinds) {
    await trial.write('models/one.sql', `{{ config(${config}) }} select 1 as id`)
    expect({ config, ...(await outcomesOf(trial)) }).toEqual({ config, one: 'success' })
    expect(await trial.rows('select id from analytics.one')).toEqual([[1]])
  }
})

it('runs a model in its warehouse and under its query tag, and leaves neither to the next, not even after a failure', async () => {
  await using trial = await trials.open({
    'models/away.sql': `{{ config(materialized='table', snowflake_warehouse='other', query_tag='of away') }}
      select current_warehouse() as house`,
    'models/failing.sql': `{{ config(materialized='table', snowflake_warehouse='other', query_tag='of failing') }}
      select no_such_column from {{ ref('away') }}`,
    'models/home.sql': `{{ config(materialized='table') }}
      select current_warehouse() as house from {{ ref('away') }}`,
  })
  await trial.query('create warehouse if not exists other')
  const found = await outcomesOf(trial, { threads: 1 })
  expect(found).toMatchObject({ away: 'success', home: 'success' })
  expect(found['failing']).toContain('NO_SUCH_COLUMN')
  expect(await trial.rows('select house from analytics.away')).toEqual([['OTHER']])
  expect(await trial.rows('select house from analytics.home')).toEqual([['COMPUTE']])
  const statements = await trial.rows(
    `select query_tag, warehouse_name from table(information_schema.query_history())
     where query_text ilike '%create or replace transient table ${trial.warehouse.database}.%' order by start_time`,
  )
  expect(statements).toEqual([
    ['of away', 'OTHER'],
    ['of failing', 'OTHER'],
    ['eclusa', 'COMPUTE'],
  ])
})

it('writes descriptions as comments, holds contracts, and keeps the rows of failed tests', async () => {
  await using trial = await trials.open({
    'models/agreed.sql': `{{ config(materialized='table') }} select 1 as id, 'x' as name, 1.5 as amount`,
    'models/broken.sql': `{{ config(materialized='table') }} select 1 as id, 'x' as name`,
    'models/seen.sql': `select 1 as id, 'it''s' as "Name"`,
    'models/schema.yml': `
models:
  - name: agreed
    description: What was $agreed$ upon, it's final
    config: {contract: {enforced: true}, persist_docs: {relation: true, columns: true}}
    constraints: [{type: primary_key, columns: [id]}]
    columns:
      - {name: id, data_type: 'number(38,0)', description: the key, constraints: [{type: not_null}], data_tests: [unique]}
      - {name: name, data_type: varchar}
      - {name: amount, data_type: 'number(10,2)', data_tests: [{accepted_values: {arguments: {values: [1.5]}}}]}
  - name: broken
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: int}, {name: name, data_type: int}]
  - name: seen
    description: A view
    config: {persist_docs: {relation: true, columns: true}}
    columns:
      - {name: id, description: its number, data_tests: [{accepted_values: {name: none_fits, arguments: {values: [2]}, config: {store_failures: true}}}]}
      - {name: Name, quote: true, description: its name}
`,
  })
  for (const round of ['first', 'again']) {
    const found = await outcomesOf(trial)
    expect([round, found['agreed'], found['seen']]).toEqual([round, 'success', 'success'])
    expect(found['broken']).toMatch(/NAME +\| TEXT +\| FIXED/u)
    expect(Object.values(found).filter((outcome) => outcome.startsWith('fail'))).toHaveLength(1)
  }
  const agreed = await records(trial, 'describe table analytics.agreed')
  expect(
    agreed.map((column) => [column['name'], column['type'], column['null?'], column['primary key'], column['comment']]),
  ).toEqual([
    ['ID', 'NUMBER(38,0)', 'N', 'Y', 'the key'],
    ['NAME', 'VARCHAR(16777216)', 'Y', 'N', null],
    ['AMOUNT', 'NUMBER(10,2)', 'Y', 'N', null],
  ])
  const comments = await trial.rows(
    `select table_name, comment from information_schema.tables where table_schema = 'ANALYTICS' order by 1`,
  )
  expect(comments).toEqual([
    ['AGREED', `What was [$]agreed[$] upon, it's final`],
    ['SEEN', 'A view'],
  ])
  const seen = await records(trial, 'describe view analytics.seen')
  expect(seen.map(({ name, comment }) => [name, comment])).toEqual([
    ['ID', 'its number'],
    ['Name', 'its name'],
  ])
  expect(
    await trial.rows('select value_field, n_records::number(3,0) from analytics_dbt_test__audit.none_fits'),
  ).toEqual([[1, 1]])
})
