import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { loadProject } from '../load-project.ts'

/* What dbt-core 1.10.23 with dbt-duckdb writes for the same project. */
const files = {
  'dbt_project.yml': 'name: trial\nprofile: trial\nmodels: {trial: {+alias: null, +custom: null}}\n',
  'profiles.yml': 'trial: {target: dev, outputs: {dev: {type: duckdb, path: t.duckdb, schema: dev}}}\n',
  'macros/hello.sql': `{% macro hello(name) %}{{ return(adapter.dispatch('hello', 'trial')(name)) }}{% endmacro %}
{% macro duckdb__hello(name) %}{{ name }}{% endmacro %}
{% macro asks(x) %}{% set f = adapter.dispatch('hello') %}{{ f(x) }}{{ asks }}{{ dbt.date_trunc('day', 'x') }}{% endmacro %}`,
  'models/b.sql': `{{ config(quoting={'identifier': false}, some=none) }} select 1 as c, 2 as a`,
  'models/b.yml':
    'models: [{name: b, columns: [{name: c, data_tests: [unique, not_null]}, {name: a, data_tests: [unique, not_null]}]}]\n',
}

it('writes null settings, primary keys in order, relations without a model’s quoting, and macros of a dispatch', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'details '))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(file)), { recursive: true })
    await writeFile(path.join(directory, file), text)
  }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const { nodes, macros } = (await loadProject({ directory, profilesDirectory: directory, environment: {}, log }))
    .manifest
  expect(nodes['model.trial.b']).toMatchObject({
    config: { alias: null, custom: null, some: null, quoting: { identifier: false } },
    relation_name: '"t"."dev"."b"',
    primary_key: ['a', 'c'],
  })
  expect(macros['macro.trial.hello']?.depends_on.macros).toEqual(['macro.trial.duckdb__hello'])
  expect(macros['macro.trial.asks']?.depends_on.macros).toEqual([
    'macro.trial.hello',
    'macro.trial.duckdb__hello',
    'macro.dbt.date_trunc',
  ])
  await rm(directory, { recursive: true })
})
