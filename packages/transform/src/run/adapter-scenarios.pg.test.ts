import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

const contract = 'config: {contract: {enforced: true}}'
const id = (constraints: string) => `columns: [{name: id, data_type: integer, constraints: [${constraints}]}]`

describe.each(Object.entries(trialWarehouses))('foreign keys on %s', (_name, open) => {
  it('refer to relations by ref and source, which are built before', async () => {
    const table = "{{ config(materialized='table') }} select 1 as id"
    await using trial = await ProjectTrial.open(open, {
      'models/a_column.sql': table,
      'models/b_model.sql': table,
      'models/z_parent.sql': table,
      'models/m.yml': `
models:
  - {name: z_parent, ${contract}, ${id('{type: primary_key}')}}
  - {name: a_column, ${contract}, ${id(`{type: foreign_key, to: ref('z_parent'), to_columns: [id]}`)}}
  - name: b_model
    ${contract}
    ${id('{type: not_null}')}
    constraints: [{type: foreign_key, columns: [id], to: "source('analytics', 'r')", to_columns: [id]}]
sources: [{name: analytics, tables: [{name: r}]}]
`,
    })
    await trial.query('create schema analytics')
    await trial.query('create table analytics.r (id integer primary key)')
    await trial.query('insert into analytics.r values (1)')
    const results = await trial.run({ threads: 1 })
    expect(Object.values(results).map(({ status }) => status)).toEqual(['success', 'success', 'success'])
    const keys = `select count(*)::integer from information_schema.table_constraints
      where table_schema = 'analytics' and constraint_type = 'FOREIGN KEY'`
    expect(await trial.rows(keys)).toEqual([[2]])
  })
})

describe.each(Object.entries(trialWarehouses))('unit tests on %s', (_name, open) => {
  it('read the rows of a seed that they say nothing of, and put values in the place of names that nobody calls', async () => {
    await using trial = await ProjectTrial.open(open, {
      'seeds/prices.csv': 'id,price\n1,10\n2,32\n',
      'models/total.sql': `select sum(price) as total, '{{ invocation_id }}' as run, {{ least() }} as least from {{ ref('prices') }}`,
      'macros/least.sql': '{% macro least() %}0{% endmacro %}',
      'models/m.yml': `
unit_tests:
  - name: adds_up
    model: total
    given: [{input: ref('prices')}]
    overrides: {macros: {invocation_id: 7, least: 15}}
    expect: {rows: [{total: 42, run: '7', least: 15}]}
`,
    })
    const tests = Object.values(await trial.run()).filter((result) => result.unique_id.startsWith('unit_test.'))
    expect(tests.map(({ status, message }) => [status, message])).toEqual([['pass', null]])
  })
})

describe.each(Object.entries(trialWarehouses))('templates on %s', (_name, open) => {
  it('know the thread that runs their node', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/a.sql': "{{ config(materialized='table') }} select '{{ thread_id }}' as thread",
    })
    const { a } = await trial.run()
    expect(await trial.rows('select thread from analytics.a')).toEqual([[a?.thread_id]])
  })
})
