import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

const project = {
  'dbt_project.yml': `
name: trial
version: 1.2.0
on-run-end: ["{{ keep_results(results) }}"]
`,
  'macros/keep.sql': `
    {% macro keep_results(results) %}
      {% set kept = [] %}
      {% for result in results %}
        {% do kept.append([result.node.name, result.to_dict()['status'], result.node.to_dict()['resource_type'], result.timing[1].to_dict()['name'], result.node.config.materialized, result.node.config.no_such_setting is none] | join(' ')) %}
      {% endfor %}
      create or replace table kept as select '{{ kept | sort | join(', ') }}' as kept
    {% endmacro %}`,
}

it('gives hooks at the end results as objects, whose nodes and timings are objects too', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.DuckDB, {
    ...project,
    'models/one.sql': 'select 1 as id',
    'models/two.sql': 'select * from {{ ref("one") }}',
  })
  await trial.run()
  expect(await trial.rows('select kept from kept')).toEqual([
    ['one success model execute view True, two success model execute view True'],
  ])
})

it('tells packages the versions of the project and of themselves, and that a relation which is not there has no columns', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.DuckDB, {
    'dbt_project.yml': 'name: trial\nversion: 1.2.0\nvars: {colour: red}\n',
    'dbt_packages/paints/dbt_project.yml': 'name: paints\nversion: "0.3"\n',
    'models/told.sql': `{{ config(materialized='table') }}
      {%- set runtime = builtins.ref.config -%}
      {%- set nowhere = api.Relation.create(schema='nowhere', identifier='nothing') -%}
      select '{{ runtime.version }} {{ runtime.dependencies['paints'].version }}' as versions,
        '{{ runtime.vars.to_dict()['colour'] }}' as colour,
        {{ adapter.get_columns_in_relation(nowhere) | length }} as columns`,
  })
  await trial.run()
  expect(await trial.rows('select * from analytics.told')).toEqual([['1.2.0 0.3', 'red', 0]])
})

it('writes compiled SQL of hooks and of ephemeral models that nobody reads, and none of snapshots', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.DuckDB, {
    ...project,
    'models/alone.sql': `{{ config(materialized='ephemeral') }} select 2 as id`,
    'models/broken.sql': 'select no_such_column',
    'models/lost.sql': `{{ config(materialized='ephemeral') }} select * from {{ ref('broken') }}`,
    'snapshots/kept.sql': `{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
      select 1 as id{% endsnapshot %}`,
  })
  const results = await trial.run()
  expect(results['kept']?.status).toBe('success')
  const folder = path.join(trial.directory, 'target/compiled')
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name))
  expect(names.map((name) => path.relative(folder, name)).toSorted()).toEqual([
    'trial/dbt_project.yml/hooks/trial-on-run-end-0.sql',
    'trial/models/alone.sql',
    'trial/models/broken.sql',
  ])
  expect(await readFile(path.join(folder, 'trial/models/alone.sql'), 'utf8')).toContain('select 2 as id')
})

it('has the older names of the context: env, column, sql_now, metric, and a refusal of adapter_macro', async () => {
  await using trial = await ProjectTrial.open(trialWarehouses.DuckDB, {
    'models/orders.sql': 'select 1 as id',
    'models/metrics.yml': `
semantic_models:
  - {name: orders, model: ref('orders'), entities: [{name: id, type: primary}], defaults: {agg_time_dimension: day},
     dimensions: [{name: day, type: time, expr: id, type_params: {time_granularity: day}}], measures: [{name: count, agg: count, expr: id}]}
metrics:
  - {name: order_count, label: Orders, type: simple, type_params: {measure: count}}
`,
    'models/told.sql': `{{ config(materialized='table') }}
      select '{{ env.schema }} {{ column('x', 'integer').quoted }} {{ context_macro_stack.depth }}' as names,
        {{ sql_now }} is not null as now,
        {%- if execute %}'{{ metric('order_count') }} {{ metric('order_count').label }}'{% else %}''{% endif %} as metric`,
    'models/old.sql': `select {{ adapter_macro('dbt_utils.star') if execute else 1 }}`,
  })
  const { told, old } = await trial.run()
  expect(told?.status).toBe('success')
  expect(await trial.rows('select * from analytics.told')).toEqual([['analytics "x" 0', true, 'order_count Orders']])
  expect(old?.message).toMatch(/"adapter_macro" macro has been deprecated/u)
})
