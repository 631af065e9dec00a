import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

const open = trialWarehouses.DuckDB

it('keeps external models in files, by location, format and options, and reads them through views', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/plain.sql': `{{ config(materialized='external', location='plain.parquet') }} select 1 as id, 'a' as label`,
    'models/told.sql': `{{ config(materialized='external', location='told.csv', delimiter='|') }} select id, label from {{ ref('plain') }}`,
    'models/lines.sql': `{{ config(materialized='external', location='lines.json', format='json') }} select 2 as id`,
    'models/spread.sql': `{{ config(materialized='external', location='spread', options={'partition_by': 'id', 'format': 'parquet'}) }}
      select range as id, 'x' as label from range(3)`,
    'models/nothing.sql': `{{ config(materialized='external', location='nothing.parquet') }} select 1 as id where false`,
    'models/below.sql': `select count(*)::integer as rows from {{ ref('spread') }}`,
  })
  const results = await trial.run()
  expect(Object.values(results).map(({ status, message }) => [status, message])).toEqual(
    Object.values(results).map(() => ['success', 'OK']),
  )
  expect(await trial.rows('select * from analytics.told')).toEqual([[1n, 'a']])
  expect(await trial.rows('select * from analytics.lines')).toEqual([[2n]])
  expect(await trial.rows('select * from analytics.below')).toEqual([[3]])
  expect(await trial.rows('select * from analytics.nothing')).toEqual([])
  expect(await readFile(path.join(trial.directory, 'told.csv'), 'utf8')).toBe('id|label\n1|a\n')
  expect((await readdir(path.join(trial.directory, 'spread'))).toSorted()).toEqual(['id=0', 'id=1', 'id=2'])
  // Nothing of how they were made is left, and a second run replaces the files.
  await trial.write('models/told.sql', `{{ config(materialized='external', location='told.csv') }} select 9 as id`)
  expect((await trial.run())['told']?.status).toBe('success')
  expect(await trial.rows('select * from analytics.told')).toEqual([[9n]])
  expect(await trial.rows(`select table_name from duckdb_tables() where table_name like '%dbt%'`)).toEqual([])
})

it('refuses to hand a file to a plugin, and a source that a plugin reads', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/glued.sql': `{{ config(materialized='external', location='glued.parquet', glue_register=true) }} select 1 as id`,
    'models/read.sql': `select * from {{ source('sheets', 'budget') }}`,
    'models/sources.yml': 'sources: [{name: sheets, meta: {plugin: gsheet}, tables: [{name: budget}]}]',
  })
  const { glued, read } = await trial.run()
  expect(glued?.message).toMatch(/plugin "glue": plugins of dbt-duckdb, Glue among them, are Python/u)
  expect(read?.message).toMatch(/source sheets\.budget is read by the plugin "gsheet"/u)
})

it('reads sources from the files that their external_location names', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/joined.sql': `{{ config(materialized='table') }}
      select a.id, b.label from {{ source('files', 'numbers') }} a join {{ source('files', 'labels') }} b using (id)`,
    'models/sources.yml': `
sources:
  - name: files
    meta: {external_location: "{folder}/{name}.csv", folder: FOLDER}
    tables:
      - name: numbers
      - name: labels
        config: {external_location: "read_csv('FOLDER/%(identifier)s.csv', header = true)", formatter: oldstyle}
        identifier: words
`,
  })
  const yaml = await readFile(path.join(trial.directory, 'models/sources.yml'), 'utf8')
  await trial.write('models/sources.yml', yaml.replaceAll('FOLDER', trial.directory))
  await trial.write('numbers.csv', 'id\n1\n2\n')
  await trial.write('words.csv', 'id,label\n2,two\n')
  const { joined } = await trial.run()
  expect(joined?.compiled_code).toContain(`from '${trial.directory}/numbers.csv' a join read_csv('`)
  expect(await trial.rows('select * from analytics.joined')).toEqual([[2n, 'two']])
})

it('makes functions that give rows', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/numbered.sql': `{{ config(materialized='table_function', parameters=['first', 'last']) }}
      select * from range(first, last + 1) as numbers(number)`,
    'models/used.sql': `{{ config(materialized='table') }} select sum(number)::integer as total from {{ ref('numbered') }}(2, 4)`,
  })
  await trial.run()
  expect((await trial.run())['numbered']?.status).toBe('success')
  expect(await trial.rows('select total from analytics.used')).toEqual([[9]])
})

const merged = (config: string) => ({
  'models/merged.sql': `{{ config(materialized='incremental', incremental_strategy='merge', ${config}) }}
    {% if is_incremental() %} select 2 as id, 'new' as label, 20 as amount union all select 3, 'third', 30 union all select 1, 'new', 10
    {% else %} select 1 as id, 'old' as label, 1 as amount union all select 2, 'old', 2 {% endif %}`,
})

it.each([
  ['everything by name', `unique_key='id'`, '1 new 10,2 new 20,3 third 30'],
  ['some columns', `unique_key='id', merge_update_columns=['amount']`, '1 old 10,2 old 20,3 third 30'],
  ['all columns but some', `unique_key='id', merge_exclude_columns=['amount', 'id']`, '1 new 1,2 new 2,3 third 30'],
  [
    'expressions, under a condition',
    `unique_key='id', merge_update_set_expressions={'amount': 'DBT_INTERNAL_DEST.amount + DBT_INTERNAL_SOURCE.amount'},
     merge_update_condition='DBT_INTERNAL_SOURCE.id = 2', merge_insert_condition='DBT_INTERNAL_SOURCE.id > 99'`,
    '1 old 1,2 new 22',
  ],
  [
    'columns of the same name, and predicates',
    `merge_on_using_columns=['id'], merge_update_columns=['label']`,
    '1 new 1,2 new 2,3 third 30',
  ],
  [
    'rows that predicates leave',
    `unique_key='id', incremental_predicates=['DBT_INTERNAL_DEST.id > 1']`,
    '1 new 10,1 old 1,2 new 20,3 third 30',
  ],
  [
    'clauses that are written out',
    `unique_key='id', merge_clauses={
      'when_matched': [{'action': 'delete', 'condition': 'DBT_INTERNAL_SOURCE.id = 1'}, {'action': 'update', 'mode': 'explicit', 'update': {'include': ['amount']}}],
      'when_not_matched': [{'action': 'insert', 'mode': 'explicit', 'insert': {'columns': ['id', 'label'], 'values': ['DBT_INTERNAL_SOURCE.id', "'made'"]}}]}`,
    '2 old 20,3 made null',
  ],
])('merges %s', async (_, config, expected) => {
  await using trial = await ProjectTrial.open(open, merged(config))
  await trial.run()
  expect((await trial.run())['merged']?.message).toBe('OK')
  const rows = await trial.rows('select id, label, amount from analytics.merged order by all')
  expect(rows.map((row) => row.join(' ')).join(',')).toBe(expected.replace('null', ''))
})

it('tells all faults in the settings of a merge at once', async () => {
  const faults = `unique_key='id', merge_update_columns='amount', merge_update_condition=['x'], merge_clauses={'when_matched': []}`
  await using trial = await ProjectTrial.open(open, merged(faults))
  await trial.run()
  const { merged: result } = await trial.run()
  expect(result?.status).toBe('error')
  expect(result?.message).toMatch(/merge_update_condition must be a string[\s\S]*merge_update_columns must be a list/u)
  expect(result?.message).toMatch(/merge_clauses\.when_matched must contain at least one element/u)
})

it('goes by its own table materialization before a default one of the project', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/kept.sql': `{{ config(materialized='table', partitioned_by=['id']) }} select 1 as id`,
    'macros/own.sql': `{% materialization table, default %}{{ exceptions.raise_compiler_error('mine') }}{% endmaterialization %}`,
  })
  expect((await trial.run())['kept']?.status).toBe('success')
})
