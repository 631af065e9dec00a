import { describe, expect, it } from 'vitest'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { readCatalog } from '../artifact/catalog.ts'
import { RunScope } from '../compile/run-scope.ts'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'
import { executionDefault } from './compile-nodes.ts'

describe.each(Object.entries(trialWarehouses))('macros that describe the warehouse on %s', (_, open) => {
  it('are the project’s where it defines them: schemas, relations, columns', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/seen.sql': `{{ config(materialized='table') }}
        select '{{ adapter.get_relation(target.database, target.schema, 'faked') is not none }}' as faked,
          '{{ adapter.get_columns_in_relation(this) | map(attribute='name') | join }}' as columns,
          '{{ adapter.check_schema_exists(target.database, 'nowhere') }}' as nowhere`,
      'macros/own.sql': `
        {% macro create_schema(relation) %}
          {% call statement() %}create schema {{ relation.schema }}; create table {{ relation.schema }}.made (id int){% endcall %}
        {% endmacro %}
        {% macro list_relations_without_caching(schema_relation) %}
          {{ return(run_query("select null as database, 'faked' as name, '" ~ schema_relation.schema ~ "' as schema, 'view' as type")) }}
        {% endmacro %}
        {% macro check_schema_exists(information_schema, schema) %}{{ return(run_query('select 1')) }}{% endmacro %}
        {% macro get_columns_in_relation(relation) %}{{ return([api.Column('own', 'integer')]) }}{% endmacro %}`,
    })
    expect((await trial.run())['seen']?.status).toBe('success')
    expect(await trial.rows('select * from analytics.seen')).toEqual([['True', 'own', 'True']])
    expect(await trial.rows('select id from analytics.made')).toEqual([])
    // The second time the schema is there: nobody is asked to create it.
    expect((await trial.run())['seen']?.status).toBe('error')
  })

  it('give the catalog of what was built', async () => {
    await using trial = await ProjectTrial.open(open, {
      'dbt_project.yml': 'name: trial\nmodels:\n  +persist_docs: {relation: true, columns: true}\n',
      'models/told.sql': `{{ config(materialized='table') }} select 1 as id, 'a' as label`,
      'models/seen.sql': `select id from {{ ref('told') }}`,
      'models/told.yml': `
models:
  - {name: told, description: What was told, columns: [{name: id, description: Its number}]}
`,
    })
    await trial.run()
    const project = await trial.load()
    const { signal } = new AbortController()
    const run = new RunScope({ project, execution: executionDefault, selected: new Set(), signal })
    await using connection = await trial.warehouse.connect()
    await using session = new AdapterSession({ connection, cache: new RelationCache(), signal })
    const [seen, told] = await readCatalog(run.adapterFor(session), project.manifest)
    expect([seen?.metadata.type, seen?.metadata.name, Object.keys(seen?.columns ?? {})]).toEqual([
      'VIEW',
      'seen',
      ['id'],
    ])
    expect(told?.metadata).toMatchObject({ type: 'BASE TABLE', schema: 'analytics', comment: 'What was told' })
    expect(told?.columns['id']).toMatchObject({ index: 1, comment: 'Its number', type: expect.stringMatching(/int/iu) })
    expect(told?.columns['label']).toMatchObject({ index: 2, comment: null })
  })
})
