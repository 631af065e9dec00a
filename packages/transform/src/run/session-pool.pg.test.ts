import { expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

it('a session that the server ends takes one node with it, and no other', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.PostgreSQL, {
    'models/a.sql': `{{ config(pre_hook='select pg_terminate_backend(pg_backend_pid())') }} select 1 as id`,
    'models/b.sql': 'select 2 as id',
    'models/c.sql': 'select 3 as id',
  })
  const results = await trial.run({ threads: 1 })
  expect(Object.values(results).map(({ status }) => status)).toEqual(['error', 'success', 'success'])
})
