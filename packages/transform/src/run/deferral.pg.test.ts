import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'
import type { LoadedProject } from '../load-project.ts'
import { compileNodes, executionDefault } from './compile-nodes.ts'
import { executeNodes } from './execute-nodes.ts'

const files = {
  'models/a.sql': 'select 1 as id',
  'models/b.sql': "select * from {{ ref('a') }}",
  'models/c.sql': "select * from {{ ref('b') }}",
  'models/schema.yml': `models:
  - name: b
    columns:
      - name: id
        tests: [{relationships: {to: ref('a'), field: id}}]
`,
}

describe.each(Object.entries(trialWarehouses))('deferral on %s', (_name, open) => {
  it('reads elsewhere what is not there, be it selected or not', async () => {
    await using trial = await ProjectTrial.open(open, files)
    expect(await schemasRead(trial, { selected: ['b', 'c'] })).toEqual({ b: 'prod', c: 'prod' })
    await trial.run()
    expect(await schemasRead(trial, { selected: ['b', 'c'] })).toEqual({ b: 'analytics', c: 'analytics' })
  })

  it('reads elsewhere all that is not selected where the other state is favoured', async () => {
    await using trial = await ProjectTrial.open(open, files)
    await trial.run()
    expect(await schemasRead(trial, { selected: ['b', 'c'], favorState: true })).toEqual({ b: 'prod', c: 'analytics' })
  })

  it('is what a clone is made of: views on the other relations, as long as nothing is there', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/a.sql': `{{ config(materialized='table') }} select 1 as id`,
    })
    await trial.query('create schema prod')
    await trial.query('create table prod.a as select 7 as id')
    const project = await trial.load()
    const { database } = trial.warehouse
    const relations = new Map([
      ['model.trial.a', { database, schema: 'prod', alias: 'a', relation_name: `"${database}"."prod"."a"` }],
    ])
    const clone = async () =>
      await executeNodes(project, {
        ids: new Set(['model.trial.a']),
        command: 'clone',
        execution: executionDefault,
        warehouse: trial.warehouse,
        deferral: { relations, favorState: false },
        signal: new AbortController().signal,
        emit: () => {},
      })
    expect((await clone())[0]).toMatchObject({ status: 'success', message: expect.stringMatching(/OK|CREATE VIEW/u) })
    expect(await trial.rows('select id from analytics.a')).toEqual([[7]])
    expect((await clone())[0]).toMatchObject({ status: 'success', message: 'No-op' })
  })

  it('reaches the arguments of tests', async () => {
    await using trial = await ProjectTrial.open(open, files)
    const project = await trial.load()
    const test = [...project.nodes.keys()].find((id) => id.startsWith('test.'))!
    const compiled = await compile(trial, project, { ids: [test], favorState: false })
    expect(compiled.get(test)?.compiled_code?.match(/"(?:prod|analytics)"\."\w"/gu)).toEqual([
      '"prod"."b"',
      '"prod"."a"',
    ])
  })
})

interface Reading {
  readonly selected: readonly string[]
  readonly favorState?: boolean
}

/** By model, the schema that its `ref` reads. */
async function schemasRead(
  trial: ProjectTrial,
  { selected, favorState = false }: Reading,
): Promise<Record<string, string | undefined>> {
  const project = await trial.load()
  const compiled = await compile(trial, project, { ids: selected.map((name) => `model.trial.${name}`), favorState })
  return Object.fromEntries(
    [...compiled.values()].map((node) => [node.name, /"(prod|analytics)"/u.exec(node.compiled_code ?? '')?.[1]]),
  )
}

async function compile(
  trial: ProjectTrial,
  project: LoadedProject,
  { ids, favorState }: { readonly ids: readonly string[]; readonly favorState: boolean },
) {
  const models = [...project.nodes.values()].filter((node) => node.resource_type === 'model')
  const relations = new Map(
    models.map((node) => [
      node.unique_id,
      { database: trial.warehouse.database, schema: 'prod', alias: node.alias, relation_name: null },
    ]),
  )
  return await compileNodes(project, {
    ids: new Set(ids),
    warehouse: trial.warehouse,
    deferral: { relations, favorState },
    signal: new AbortController().signal,
  })
}
