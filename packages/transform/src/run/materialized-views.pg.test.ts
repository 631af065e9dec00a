import { expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'
import type { RunEvent } from './run-event.ts'

const open = trialWarehouses.PostgreSQL

const view = (settings: string, sql = 'select * from {{ ref("rows") }}') => ({
  'models/seen.sql': `{{ config(materialized='materialized_view'${settings}) }} ${sql}`,
})
const project = (settings: string) => ({
  'models/rows.sql': `{{ config(materialized='incremental') }} select {{ var('next', 1) }} as id, 'a' as label`,
  ...view(settings),
})
const indexed = (columns: string) => `, indexes=[{'columns': [${columns}], 'unique': true}]`
const indexesOf = async (trial: ProjectTrial) =>
  (await trial.rows(`select indexdef from pg_indexes where schemaname = 'analytics' and tablename = 'seen'`)).map(
    ([definition]) => /USING (.*)/u.exec(String(definition))?.[1],
  )

it('refreshes a materialized view, and changes the indexes that its settings have changed', async () => {
  await using trial = await ProjectTrial.open(open, project(indexed(`'id'`)))
  expect((await trial.run())['seen']?.status).toBe('success')
  expect(await indexesOf(trial)).toEqual(['btree (id)'])
  const refreshed = await trial.run({ vars: { next: 2 } })
  expect(refreshed['seen']?.message).toBe('REFRESH MATERIALIZED VIEW')
  expect(await trial.rows('select count(*)::integer from analytics.seen')).toEqual([[2]])
  await trial.write('models/seen.sql', view(indexed(`'id', 'label'`))['models/seen.sql'])
  const altered = await trial.run({ vars: { next: 3 } })
  expect(altered['seen']?.message).toBe('CREATE INDEX')
  expect(await indexesOf(trial)).toEqual(['btree (id, label)'])
  // As in dbt: the settings were applied, the rows are those of before.
  expect(await trial.rows('select count(*)::integer from analytics.seen')).toEqual([[2]])
})

it('leaves a materialized view as it is, or fails, where on_configuration_change says so', async () => {
  await using trial = await ProjectTrial.open(open, project(''))
  await trial.run()
  const told: string[] = []
  const emit = (event: RunEvent) => void (event.type === 'log' && told.push(event.message))
  await trial.write(
    'models/seen.sql',
    view(`${indexed(`'id'`)}, on_configuration_change='continue'`)['models/seen.sql'],
  )
  const continued = await trial.run({ emit })
  expect(continued['seen']).toMatchObject({ status: 'success', message: expect.stringMatching(/^skip /u) as string })
  expect(await indexesOf(trial)).toEqual([])
  await trial.write('models/seen.sql', view(`${indexed(`'id'`)}, on_configuration_change='fail'`)['models/seen.sql'])
  const failed = await trial.run()
  expect(failed['seen']?.message).toMatch(/on_configuration_change` was set to `fail`/u)
})

it('is rebuilt on a full refresh together with those that read it', async () => {
  const reader = {
    'models/reader.sql': `{{ config(materialized='materialized_view') }} select id from {{ ref('seen') }}`,
  }
  await using trial = await ProjectTrial.open(open, { ...project(''), ...reader })
  for (let run = 1; run <= 2; run += 1) {
    const { seen, reader: second } = await trial.run({ fullRefresh: true })
    expect([seen?.status, second?.status]).toEqual(['success', 'success'])
  }
  expect(await trial.rows('select id from analytics.reader')).toEqual([[1]])
})

it('takes the place of a table, and is replaced on a full refresh', async () => {
  await using trial = await ProjectTrial.open(open, {
    ...project(''),
    'models/seen.sql': `{{ config(materialized='table') }} select 7 as id`,
  })
  await trial.run()
  await trial.write('models/seen.sql', view('', 'select 8 as id')['models/seen.sql'])
  expect((await trial.run())['seen']?.status).toBe('success')
  expect(await trial.rows('select id from analytics.seen')).toEqual([[8]])
  await trial.write('models/seen.sql', view('', 'select 9 as id')['models/seen.sql'])
  expect((await trial.run({ fullRefresh: true }))['seen']?.status).toBe('success')
  expect(await trial.rows('select id from analytics.seen')).toEqual([[9]])
  const left = await trial.rows(`select relname from pg_class where relname like '%\\_\\_dbt%'`)
  expect(left).toEqual([])
})

it('grants what a model grants, takes back what it does not grant any more, and leaves the owner alone', async () => {
  await using trial = await ProjectTrial.open(open, {
    'models/kept.sql': `{{ config(materialized='incremental', grants={'select': ['reader', 'auditor'], 'insert': ['writer']}) }} select 1 as id`,
    'models/shown.sql': `{{ config(grants={'select': ['reader']}) }} select id from {{ ref('kept') }}`,
  })
  const suffix = trial.warehouse.database
  const roles = ['reader', 'auditor', 'writer'].map((role) => `${role}_${suffix}`)
  for (const role of roles) await trial.query(`create role "${role}"`)
  const named = (text: string) => text.replaceAll(/'(reader|auditor|writer)'/gu, `'"$1_${suffix}"'`)
  const grantsOf = async (name: string) => {
    const rows = await trial.rows(`
      select grantee, privilege_type from information_schema.role_table_grants
      where table_name = '${name}' and grantee <> current_user order by 1, 2`)
    return rows.map((row) => row.join(' ').replace(`_${suffix}`, ''))
  }
  try {
    for (const [name, config] of [
      ['kept', `materialized='incremental', grants={'select': ['reader', 'auditor'], 'insert': ['writer']}`],
      ['shown', `grants={'select': ['reader']}`],
    ] as const) {
      await trial.write(`models/${name}.sql`, `{{ config(${named(config)}) }} select 1 as id`)
    }
    await trial.run()
    expect(await grantsOf('kept')).toEqual(['auditor SELECT', 'reader SELECT', 'writer INSERT'])
    expect(await grantsOf('shown')).toEqual(['reader SELECT'])
    await trial.write(
      'models/kept.sql',
      `{{ config(${named(`materialized='incremental', grants={'select': ['auditor']}`)}) }} select 2 as id`,
    )
    await trial.run()
    expect(await grantsOf('kept')).toEqual(['auditor SELECT'])
  } finally {
    await trial.query('drop schema analytics cascade')
    for (const role of roles) await trial.query(`drop role if exists "${role}"`)
  }
})
