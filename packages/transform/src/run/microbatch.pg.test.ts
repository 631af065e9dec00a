import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

describe.each(Object.entries(trialWarehouses))('a microbatch model on %s', (name, open) => {
  // dbt-postgres merges each batch and needs a key; dbt-duckdb replaces the window and refuses one.
  const key = name === 'PostgreSQL' ? " unique_key='id'," : ''

  it('has the rows of each window, whose end belongs to the next, as dbt has built them', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/events.sql': `{{ config(materialized='table', event_time='ts') }}
        select 1 as id, timestamp '2024-01-01 05:00:00' as ts
        union all select 2, timestamp '2024-01-02 00:00:00'
        union all select 3, timestamp '2024-01-02 23:59:59'
        union all select 4, timestamp '2024-01-03 12:00:00'
        union all select 5, timestamp '2024-01-04 00:00:00'`,
      'models/batched.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch',${key}
          event_time='ts', batch_size='day', begin='2024-01-01') }}
        select id, ts, '{{ model.batch.id }}' as batch_id from {{ ref('events') }}`,
    })
    const window = { eventTimeStart: '2024-01-01', eventTimeEnd: '2024-01-04' }
    const rows = [
      [1, '20240101'],
      [2, '20240102'],
      [3, '20240102'],
      [4, '20240103'],
    ]
    // The second run replaces each window's rows rather than adding to them.
    for (const _ of [1, 2]) {
      const { batched } = await trial.run(window)
      expect(batched).toMatchObject({ status: 'success', message: 'SUCCESS', failures: 0 })
      expect(batched?.batch_results?.successful).toHaveLength(3)
      expect(await trial.rows('select id, batch_id from analytics.batched order by id')).toEqual(rows)
    }
  })
})
