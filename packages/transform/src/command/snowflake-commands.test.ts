import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Catalog } from '../artifact/catalog.ts'
import type { FreshnessResult } from '../artifact/sources.ts'
import type { ProjectTrial } from '../testing/project-trial.ts'
import { records, SnowflakeTrials } from '../testing/snowflake-trials.ts'
import { runCommand } from './run-command.ts'

/* Commands that log in by a profile, on the local endpoint of Snowflake. */

const files = {
  'dbt_project.yml': 'name: trial\nprofile: trial\n',
  'seeds/raw_orders.csv': 'id,amount,loaded_at\n1,1.50,2026-01-01 00:00:00\n2,2.25,2026-01-02 00:00:00\n',
  'models/orders.sql': `{{ config(materialized='table') }} select id, amount from {{ ref('raw_orders') }}`,
  'models/totals.sql': `select sum(amount) as total from {{ ref('orders') }}`,
  'macros/tell.sql': `{% macro tell() %}{% do run_query("create table " ~ target.schema ~ ".told as select 42 as answer") %}{% endmacro %}`,
  'models/schema.yml': `
sources:
  - name: raw
    schema: analytics
    config: {freshness: {error_after: {count: 1, period: day}}}
    tables:
      - {name: raw_orders}
      - {name: by_column, identifier: raw_orders, config: {loaded_at_field: loaded_at}}
      - {name: by_query, identifier: raw_orders, config: {loaded_at_query: 'select current_timestamp()'}}
models:
  - name: orders
    description: All orders
    config: {persist_docs: {relation: true, columns: true}}
    columns: [{name: id, description: its number, data_tests: [unique]}]
`,
}

let trials: SnowflakeTrials
let trial: ProjectTrial
beforeAll(async () => {
  trials = await SnowflakeTrials.start()
  trial = await trials.open(files)
  await trial.write('profiles.yml', trials.profile(trial.warehouse.database))
})
afterAll(async () => {
  await trial?.[Symbol.asyncDispose]()
  await trials?.[Symbol.asyncDispose]()
})

async function run(line: string) {
  const output: string[] = []
  const code = await runCommand(line.split(' '), {
    program: 'eclusa transform',
    directory: trial.directory,
    environment: {},
    hasColors: false,
    write: (text) => output.push(text),
    signal: new AbortController().signal,
  })
  return { code, output: output.join('\n') }
}

async function artifact<Content>(name: string): Promise<Content> {
  return JSON.parse(await readFile(path.join(trial.directory, 'target', name), 'utf8')) as Content
}

it('debug, build, show and run-operation work by the profile', async () => {
  expect(await run('debug')).toMatchObject({ code: 0 })
  expect(await run('build')).toMatchObject({ code: 0 })
  const shown = await run('show --select totals')
  expect([shown.code, shown.output]).toEqual([0, expect.stringContaining('3.75')])
  expect(await run('run-operation tell')).toMatchObject({ code: 0 })
  expect(await trial.rows('select answer from analytics.told')).toEqual([[42]])
})

it('docs generate writes the catalog', async () => {
  expect(await run('docs generate')).toMatchObject({ code: 0 })
  const { nodes, sources } = await artifact<Catalog>('catalog.json')
  expect(Object.keys(nodes).toSorted()).toEqual(['model.trial.orders', 'model.trial.totals', 'seed.trial.raw_orders'])
  expect(Object.keys(sources)).toHaveLength(3)
  const orders = nodes['model.trial.orders']
  expect(orders?.metadata).toMatchObject({
    type: 'BASE TABLE',
    name: 'ORDERS',
    schema: 'ANALYTICS',
    comment: 'All orders',
  })
  expect(Object.values(orders?.columns ?? {})).toMatchObject([
    { name: 'ID', index: 1, type: 'NUMBER', comment: 'its number' },
    { name: 'AMOUNT', index: 2, type: 'FLOAT' },
  ])
  expect(orders?.stats['row_count']).toMatchObject({ label: 'Row Count', value: 2, include: true })
})

it('source freshness asks columns, queries, and the metadata where neither is named', async () => {
  const { code } = await run('source freshness')
  expect(code).toBe(1)
  const { results } = await artifact<{ readonly results: readonly FreshnessResult[] }>('sources.json')
  const byId = Object.fromEntries(results.map((result) => [result.unique_id.split('.').at(-1), result]))
  expect(byId['by_column']).toMatchObject({ status: 'error', max_loaded_at: '2026-01-02T00:00:00+00:00' })
  expect(byId['raw_orders']).toMatchObject({ status: 'pass' })
  expect(byId['by_query']).toMatchObject({ status: 'pass' })
})

it('clone makes tables that share their rows, and views where there is nothing to share', async () => {
  await trial.write('state/manifest.json', JSON.stringify(await artifact<unknown>('manifest.json')))
  const profile = trials.profile(trial.warehouse.database).replaceAll('"analytics"', '"copies"')
  await trial.write('elsewhere/profiles.yml', profile)
  for (const _ of ['first', 'again']) {
    expect((await run('clone --state state --profiles-dir elsewhere')).output).toContain('ERROR=0')
  }
  const objects = await records(trial, 'show objects in schema copies')
  expect(objects.map(({ name, kind }) => [name, kind])).toEqual([
    ['ORDERS', 'TABLE'],
    ['RAW_ORDERS', 'TABLE'],
    ['TOTALS', 'VIEW'],
  ])
  expect(await trial.rows('select count(*)::number(5,0) from copies.orders')).toEqual([[2]])
})

it('build defers to what stands elsewhere', async () => {
  const profile = trials.profile(trial.warehouse.database).replaceAll('"analytics"', '"deferred"')
  await trial.write('deferring/profiles.yml', profile)
  expect(await run('build --select totals --defer --state state --profiles-dir deferring')).toMatchObject({ code: 0 })
  expect(await trial.rows('select total from deferred.totals')).toEqual([[3.75]])
})

it('diff tells which rows are different', async () => {
  await trial.query('create schema other')
  await trial.query('create table other.orders as select id, amount + id - 1 as amount from analytics.orders')
  await trial.query(
    'create table other.totals as select total from analytics.totals union all select total from analytics.totals',
  )
  const told = async (line: string) => {
    const { code, output } = await run(line)
    return [code, ...output.split('\n').map((text) => text.replace(/^\d\d:\d\d:\d\d {2}/u, '').trim())]
  }
  expect(await told('diff --select orders totals --against-schema other --quiet')).toEqual([
    1,
    'Before: schema other. After: target dev.',
    'orders: different',
    'rows      2 before, 2 after, by ID',
    'changed   1 of 2',
    'AMOUNT: 1',
    'totals: different',
    'rows      2 before, 1 after',
    'compared  as whole rows, since it has no key that tells which rows are one',
    'removed   1',
  ])
  await trial.write('models/totals.sql', `select sum(amount) + 1 as total from {{ ref('orders') }}`)
  const [code, , ...lines] = await told('diff --select totals orders --quiet')
  expect([code, lines.filter((line) => String(line).includes(':'))]).toEqual([
    1,
    ['orders: equal', 'totals: different'],
  ])
})
