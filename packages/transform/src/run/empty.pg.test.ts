import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

describe.each(Object.entries(trialWarehouses))('a run with --empty on %s', (name, open) => {
  it('builds everything with its columns and without rows', async () => {
    await using trial = await ProjectTrial.open(open, {
      'seeds/given.csv': 'id\n1\n',
      'models/through.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('given') }}",
      'models/built.sql': "{{ config(materialized='table') }} select id from {{ ref('through') }}",
      'models/constant.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/schema.yml':
        'models: [{name: constant, columns: [{name: id, tests: [{accepted_values: {values: [2]}}]}]}]',
    })
    const results = await trial.run({ empty: true })
    const [test] = Object.keys(results).filter((id) => id.startsWith('accepted_values'))
    // The model reads nothing that could be emptied; its test reads the model, and so no rows.
    expect(results[test ?? '']).toMatchObject({ status: 'pass' })
    expect(await trial.rows('select count(*) from analytics.constant')).toHaveLength(1)
    expect((await trial.query('select * from analytics.built')).columns.map((column) => column.name)).toEqual(['id'])
    expect(await trial.rows('select * from analytics.built')).toEqual([])
    const alias =
      name === 'PostgreSQL' ? / where false limit 0\) _dbt_limit_subq___dbt__cte__through/u : / limit 0\)\n?$/u
    expect(results['built']?.compiled_code?.trim()).toMatch(alias)
  })
})
