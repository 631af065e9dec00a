import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

const models = { 'models/a.sql': 'select 1 as id' }

describe.each(Object.entries(trialWarehouses))('failing hooks on %s', (_name, open) => {
  it('skip the hooks after them and none of the models', async () => {
    await using trial = await ProjectTrial.open(open, { ...models, 'dbt_project.yml': projectWith() })
    await trial.query('create table notes (note varchar(20))')
    expect(await statuses(trial)).toEqual({
      'trial-on-run-start-0': 'success',
      'trial-on-run-start-1': 'error',
      'trial-on-run-start-2': 'skipped',
      a: 'success',
      'trial-on-run-end-0': 'error',
      'trial-on-run-end-1': 'skipped',
    })
    expect(await trial.rows('select note from notes')).toEqual([['kept']])
  })

  it('skip the models where the project asks for it', async () => {
    const flags = 'flags: {skip_nodes_if_on_run_start_fails: true}\n'
    await using trial = await ProjectTrial.open(open, { ...models, 'dbt_project.yml': projectWith() + flags })
    await trial.query('create table notes (note varchar(20))')
    expect(await statuses(trial)).toMatchObject({ a: 'skipped', 'trial-on-run-end-0': 'error' })
  })

  it('end the run before its models where one at the start cannot even be rendered', async () => {
    const hook = 'on-run-start: ["{% do run_query(\'select no_such\') %}"]\n'
    await using trial = await ProjectTrial.open(open, { ...models, 'dbt_project.yml': `name: trial\n${hook}` })
    await expect(trial.run()).rejects.toMatchObject({ code: 'WAREHOUSE_STATEMENT_FAILED' })
  })

  it('take back the model and what hooks did in its transaction, and nothing that was outside', async () => {
    const into = (note: string) => `insert into notes values ('${note}')`
    await using trial = await ProjectTrial.open(open, {
      'models/before.sql': `{{ config(materialized='table', pre_hook=["${into('pre')}", "select no_such"]) }} select 1 as id`,
      'models/behind.sql': `{{ config(materialized='table', post_hook=["${into('post')}", "select no_such"]) }} select 1 as id`,
      'models/outside.sql': `{{ config(materialized='table',
        pre_hook=[before_begin("${into('outside')}")], post_hook=[after_commit("select no_such")]) }} select 1 as id`,
      'models/below.sql': "select * from {{ ref('behind') }}",
    })
    await trial.query('create table notes (note varchar(20))')
    expect(await statuses(trial)).toEqual({ before: 'error', behind: 'error', outside: 'error', below: 'skipped' })
    expect(await trial.rows('select note from notes')).toEqual([['outside']])
    const left = "select table_name from information_schema.tables where table_schema = 'analytics'"
    expect(await trial.rows(left)).toEqual([['outside']])
  })
})

describe.each(Object.entries(trialWarehouses))('failing models on %s', (_name, open) => {
  it('are those that read a var without a value, which parsing lets pass', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/unset.sql': "select {{ var('unset') }} as id",
      'models/below.sql': "select * from {{ ref('unset') }}",
    })
    const { unset, below } = await trial.run()
    expect(unset).toMatchObject({
      status: 'error',
      message: expect.stringContaining("Required var 'unset' not found") as string,
    })
    expect(below?.status).toBe('skipped')
    expect((await trial.run({ vars: { unset: 1 } }))['unset']?.status).toBe('success')
  })
})

function projectWith(): string {
  return `name: trial
on-run-start: ["insert into notes values ('kept')", "select no_such", "insert into notes values ('skipped')"]
on-run-end: ["select no_such", "insert into notes values ('skipped')"]
`
}

async function statuses(trial: ProjectTrial): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await trial.run()).map(([name, { status }]) => [name, status]))
}
