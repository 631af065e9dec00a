import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadProject } from './load-project.ts'
import type { LoadedProject } from './load-project.ts'
import { selectNodes } from './select/select-nodes.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'project-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

const log = { debug() {}, info() {}, warn() {}, error() {} }

async function load(files: Readonly<Record<string, string>>, vars = {}): Promise<LoadedProject> {
  for (const [file, text] of Object.entries({ 'dbt_project.yml': 'name: shop', ...files })) {
    await mkdir(path.join(directory, path.dirname(file)), { recursive: true })
    await writeFile(path.join(directory, file), text)
  }
  return await loadProject({
    directory,
    dialect: duckdbDialect,
    target: { name: 'dev', type: 'duckdb', database: 'db', schema: 'analytics', threads: 1 },
    vars,
    environment: { HOME_CITY: 'Porto' },
    log,
  })
}

async function faultOf(files: Readonly<Record<string, string>>): Promise<EclusaError> {
  try {
    await load(files)
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('the project loaded')
}

describe('a project with faults', () => {
  it('is refused without a dbt_project.yml', async () => {
    await expect(
      loadProject({
        directory: path.join(directory, 'nowhere'),
        dialect: duckdbDialect,
        log,
        target: { name: 'dev', type: 'duckdb', database: 'db', schema: 'analytics', threads: 1 },
      }),
    ).rejects.toMatchObject({ code: 'PROJECT_INVALID', message: expect.stringContaining('no dbt_project.yml') })
  })

  it('names file, line and column of a Jinja syntax error', async () => {
    const error = await faultOf({ 'models/a.sql': 'select 1\nfrom {{ ref("b" }}\n' })
    expect(error.code).toBe('PROJECT_INVALID')
    expect(error.message).toMatch(/models\/a\.sql:2:\d+: /u)
  })

  it('names file, line and column of a YAML fault, and reports all files at once', async () => {
    const error = await faultOf({
      'models/a.sql': 'select {{ nothing.at.all() }} {% endif %}',
      'models/one.yml': 'models:\n  - nam: a\n',
      'models/two.yml': 'models: [\n',
    })
    expect(error.message).toMatch(/models\/one\.yml:2:\d+: models\.0\.name/u)
    expect(error.message).toMatch(/models\/two\.yml:\d+:\d+/u)
    expect(error.message).toMatch(/models\/a\.sql:1:\d+/u)
  })

  it('names the closest model and source when a reference is misspelt', async () => {
    const error = await faultOf({
      'models/orders.sql': `select 1 from {{ source('raw', 'ordrs') }}`,
      'models/b.sql': `select * from {{ ref('order') }}`,
      'models/s.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]',
    })
    expect(error.message).toMatch(/models\/b\.sql:1:18: ref\('order'\).*closest is "orders"/u)
    expect(error.message).toMatch(/models\/orders\.sql:1:18: source\('raw', 'ordrs'\).*closest is "raw\.orders"/u)
  })

  it('names the way around a cycle', async () => {
    const ref = (name: string) => `select * from {{ ref('${name}') }}`
    const error = await faultOf({ 'models/a.sql': ref('b'), 'models/b.sql': ref('c'), 'models/c.sql': ref('a') })
    expect(error).toMatchObject({ code: 'MODEL_CYCLE' })
    expect(error.message).toMatch(/a -> c -> b -> a|b -> a -> c -> b|c -> b -> a -> c/u)
  })

  it('is refused when two models have one name or write one relation', async () => {
    expect((await faultOf({ 'models/a.sql': 'select 1', 'models/x/a.sql': 'select 2' })).message).toMatch(
      /a model called "a" is also in models\/a\.sql/u,
    )
    await rm(path.join(directory, 'models'), { recursive: true })
    expect(
      (await faultOf({ 'models/a.sql': 'select 1', 'models/b.sql': `{{ config(alias='A') }} select 2` })).message,
    ).toMatch(/writes db\.analytics\.a, and so does models\/a\.sql/u)
  })

  it('names an environment variable that is missing; a var that is missing is none while parsing', async () => {
    const files = { 'models/a.sql': `{{ config(enabled=var('rate') is not none) }} select {{ var('rate') }}` }
    expect((await load(files)).nodes.size).toBe(0)
    const error = await faultOf({ ...files, 'models/b.sql': `select '{{ env_var('NOT_SET') }}'` })
    expect(error.message).toMatch(/models\/b\.sql:1:\d+: Env var required but not provided: 'NOT_SET'/u)
  })

  it('refuses a test that does not exist, at its place', async () => {
    const error = await faultOf({
      'models/a.sql': 'select 1 as id',
      'models/a.yml': 'models:\n  - name: a\n    columns:\n      - name: id\n        data_tests: [uniqe]\n',
    })
    expect(error.message).toMatch(/models\/a\.yml:5:\d+: there is no generic test called "uniqe"/u)
  })

  it('shows the macro in which a fault lies', async () => {
    const error = await faultOf({
      'macros/m.sql': `{% macro broken() %}{{ exceptions.raise_compiler_error('no rate') }}{% endmacro %}`,
      'models/a.sql': 'select {{ broken() }}',
    })
    expect(error.message).toMatch(/macros\/m\.sql:1:\d+: no rate/u)
  })
})

describe('configuration', () => {
  it('lets the nearer place win, adds tags and merges meta', async () => {
    const project = await load({
      'dbt_project.yml':
        'name: shop\nmodels:\n  +tags: all\n  shop:\n    +materialized: table\n    +meta: { a: 1, b: 1 }\n    mart:\n      +materialized: view\n      +tags: [mart]\n',
      'models/mart/a.sql': `{{ config(tags=['own'], meta={'b': 2}) }} select 1`,
      'models/b.sql': 'select 1',
    })
    expect(project.nodes.get('model.shop.a')?.config).toMatchObject({
      materialized: 'view',
      tags: ['all', 'mart', 'own'],
      meta: { a: 1, b: 2 },
    })
    expect(project.nodes.get('model.shop.b')?.config).toMatchObject({ materialized: 'table', tags: ['all'] })
  })

  it("lets a project's own generate_schema_name decide where models go", async () => {
    const project = await load({
      'macros/names.sql':
        '{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}',
      'models/a.sql': `{{ config(schema='raw') }} select 1`,
    })
    expect(project.nodes.get('model.shop.a')).toMatchObject({ schema: 'raw' })
  })

  it('renders the Jinja of YAML files, and says where it fails', async () => {
    const project = await load({
      'dbt_project.yml': `name: shop\nvars: { raw_schema: landing }\nmodels: { +materialized: "{{ 'table' if target.name == 'dev' else 'view' }}" }`,
      'models/a.sql': `select * from {{ source('raw', 'orders') }}`,
      'models/s.yml': `sources: [{ name: raw, schema: "{{ var('raw_schema') }}_{{ env_var('HOME_CITY') }}", tables: [{ name: orders }] }]`,
    })
    expect(project.nodes.get('source.shop.raw.orders')).toMatchObject({ schema: 'landing_Porto' })
    expect(project.nodes.get('model.shop.a')?.config.materialized).toBe('table')
    const error = await faultOf({ 'models/s.yml': `sources:\n  - name: raw\n    schema: "{{ var('nothing') }}"\n` })
    expect(error.message).toMatch(/models\/s\.yml:3:13: Required var 'nothing' not found/u)
  })

  it('leaves out models that are not enabled, and refuses references to them', async () => {
    const project = await load({ 'models/a.sql': `{{ config(enabled=false) }} select 1` })
    expect(project.nodes.size).toBe(0)
    expect((await faultOf({ 'models/b.sql': `select * from {{ ref('a') }}` })).message).toMatch(/which is disabled/u)
  })

  it('lets given vars go before those of the project', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\nvars: { mode: view }',
      'models/a.sql': `{{ config(materialized=var('mode')) }} select '{{ env_var("HOME_CITY") }}'`,
    }
    expect((await load(files)).nodes.get('model.shop.a')?.config.materialized).toBe('view')
    expect((await load(files, { mode: 'table' })).nodes.get('model.shop.a')?.config.materialized).toBe('table')
  })
})

describe('packages', () => {
  const helpers = {
    'dbt_packages/helpers/dbt_project.yml':
      'name: helpers\nvars: { unit: cents }\nmodels: { +materialized: table, +tags: own }',
    'dbt_packages/helpers/macros/unit.sql': `{% macro unit() %}{{ var('unit') }}{% endmacro %}{% macro seven() %}7{% endmacro %}`,
    'dbt_packages/helpers/models/rates.sql': `select '{{ unit() }}' as unit`,
  }

  it('bring models and macros, and the root project has the last word on their settings', async () => {
    const project = await load({
      ...helpers,
      'dbt_project.yml':
        'name: shop\nvars: { helpers: { unit: euro } }\nmodels: { helpers: { +materialized: view, +tags: root } }',
      'models/a.sql': `select {{ helpers.seven() }} from {{ ref('helpers', 'rates') }}, {{ ref('rates') }}`,
    })
    const rates = project.nodes.get('model.helpers.rates')
    expect(rates?.config).toMatchObject({ materialized: 'view', tags: ['own', 'root'] })
    expect(project.manifest.nodes['model.shop.a']?.depends_on).toEqual({
      macros: ['macro.helpers.seven'],
      nodes: ['model.helpers.rates'],
    })
    expect(project.scopeOf('helpers').vars).toMatchObject({ unit: 'euro' })
    expect(project.settings.packages.map(({ name }) => name)).toEqual(['helpers'])
  })

  it("find their own models before the root project's of the same name", async () => {
    const project = await load({
      ...helpers,
      'models/base.sql': `{{ config(alias='base_of_shop') }} select 1`,
      'dbt_packages/helpers/models/base.sql': 'select 2',
      'dbt_packages/helpers/models/top.sql': `select * from {{ ref('base') }}`,
      'models/mine.sql': `select * from {{ ref('base') }}`,
    })
    expect(project.manifest.parent_map).toMatchObject({
      'model.helpers.top': ['model.helpers.base'],
      'model.shop.mine': ['model.shop.base'],
    })
  })

  it('are read in place when packages.yml names their folder and they are not installed', async () => {
    const project = await load({
      'packages.yml': 'packages: [{ local: ./parts }]',
      'parts/dbt_project.yml': 'name: parts',
      'parts/models/part.sql': 'select 1',
    })
    expect([...project.nodes.keys()]).toEqual(['model.parts.part'])
  })

  it('that are not installed are asked for', async () => {
    const error = await faultOf({ 'packages.yml': 'packages: [{ package: acme/tools, version: 1.0.0 }]' })
    expect(error.message).toMatch(/packages\.yml: asks for 1 packages, and 0 are installed.*transform deps/u)
  })

  it('have their faults named with the place below the root project', async () => {
    const error = await faultOf({ ...helpers, 'dbt_packages/helpers/models/bad.sql': '{% if %}' })
    expect(error.message).toMatch(/dbt_packages\/helpers\/models\/bad\.sql:1:\d+/u)
  })
})

describe('what dbt took before version 1.0', () => {
  it('is read under its present name, with a notice', async () => {
    const warnings: string[] = []
    await load({ 'sources/a.sql': 'select 1', 'data/s.csv': 'a\n1\n' })
    await writeFile(path.join(directory, 'dbt_project.yml'), 'name: shop\nsource-paths: [sources]\ndata-paths: [data]')
    const project = await loadProject({
      directory,
      dialect: duckdbDialect,
      target: { name: 'dev', type: 'duckdb', database: 'db', schema: 'analytics', threads: 1 },
      log: { ...log, warn: (message) => warnings.push(message) },
    })
    expect([...project.nodes.keys()].toSorted()).toEqual(['model.shop.a', 'seed.shop.s'])
    expect(warnings).toEqual([
      expect.stringContaining('"source-paths" has been called "model-paths"'),
      expect.stringContaining('"data-paths" has been called "seed-paths"'),
    ])
  })
})

describe('what a project may not do', () => {
  const groups = 'groups: [{ name: books, owner: { name: Ann } }]\n'

  it('is to refer to a private model from outside of its group', async () => {
    const files = {
      'models/inner.sql': `{{ config(access='private', group='books') }} select 1`,
      'models/outer.sql': `select * from {{ ref('inner') }}`,
    }
    const error = await faultOf({ ...files, 'models/g.yml': groups })
    expect(error.message).toMatch(
      /models\/outer\.sql:1:18: model\.shop\.outer refers to model\.shop\.inner, which is private to the group "books"/u,
    )
    const settings = 'models: [{ name: outer, config: { group: books } }]'
    expect((await load({ ...files, 'models/g.yml': `${groups}${settings}` })).nodes.size).toBe(2)
  })

  it('is to put a model into a group that does not exist', async () => {
    const error = await faultOf({ 'models/a.sql': `{{ config(group='boks') }} select 1` })
    expect(error.message).toMatch(/models\/a\.sql: "a" is in the group "boks", which no properties file has/u)
  })

  it('is to describe one model twice, or one macro', async () => {
    const error = await faultOf({
      'models/a.sql': 'select 1',
      'models/one.yml': 'models: [{ name: a }]',
      'models/two.yml': 'models:\n  - name: a\n',
    })
    expect(error.message).toMatch(/models\/two\.yml:2:5: model "a" is also described in models\/one\.yml/u)
  })

  it('is to enforce a contract on a model without described columns', async () => {
    const error = await faultOf({
      'models/a.sql': 'select 1 as id',
      'models/a.yml': 'models: [{ name: a, config: { contract: { enforced: true } } }]',
    })
    expect(error.message).toMatch(/models\/a\.yml:1:10: the contract of "a" is enforced, and no columns are described/u)
  })

  it('is to name a docs block that does not exist', async () => {
    const error = await faultOf({
      'models/a.sql': 'select 1',
      'models/a.yml': `models: [{ name: a, description: "{{ doc('nothing') }}" }]`,
    })
    expect(error.message).toMatch(/the description of "a": there is no docs block called "nothing"/u)
  })

  it('is to give a unit test rows of another format than it says', async () => {
    const error = await faultOf({
      'models/a.sql': 'select 1',
      'models/a.yml':
        'unit_tests:\n  - name: t\n    model: a\n    given: []\n    expect: { format: csv, rows: [{ id: 1 }] }\n',
    })
    expect(error.message).toMatch(/models\/a\.yml:5:13: unit test "t": rows of the format csv are a text/u)
  })
})

describe('a test', () => {
  it('that refers to something disabled is left out, and not a fault', async () => {
    const warnings: string[] = []
    await load({
      'models/a.sql': 'select 1 as id',
      'models/b.sql': '{{ config(enabled=false) }} select 1 as id',
      'models/a.yml': `models: [{ name: a, columns: [{ name: id, data_tests: [{ relationships: { to: "ref('b')", field: id } }] }] }]`,
    })
    const project = await loadProject({
      directory,
      dialect: duckdbDialect,
      target: { name: 'dev', type: 'duckdb', database: 'db', schema: 'analytics', threads: 1 },
      log: { ...log, warn: (message) => warnings.push(message) },
    })
    expect([...project.nodes.keys()]).toEqual(['model.shop.a'])
    expect(warnings).toEqual([expect.stringMatching(/relationships_a_id__id__ref_b_.*model\.shop\.b .*is disabled/u)])
  })
})

describe('selection', () => {
  const ref = (name: string, config = '') => `${config}select 1 as id from {{ ref('${name}') }}`
  const files = {
    'models/staging/raw_a.sql': `select 1 as id`,
    'models/staging/stg_a.sql': ref('raw_a'),
    'models/marts/dim_a.sql': ref('stg_a', `{{ config(tags=['nightly'], materialized='table') }}`),
    'models/marts/fct_a.sql': `select 1 as id from {{ ref('dim_a') }}, {{ ref('other') }}`,
    'models/other.sql': 'select 1 as id',
    'models/marts/marts.yml': 'models: [{ name: dim_a, columns: [{ name: id, data_tests: [unique] }] }]',
  }

  it.each([
    ['dim_a', ['dim_a', 'unique_dim_a_id']],
    ['+dim_a', ['dim_a', 'raw_a', 'stg_a', 'unique_dim_a_id']],
    ['1+dim_a', ['dim_a', 'stg_a', 'unique_dim_a_id']],
    ['stg_a+', ['dim_a', 'fct_a', 'stg_a', 'unique_dim_a_id']],
    ['stg_a+1', ['dim_a', 'stg_a', 'unique_dim_a_id']],
    ['@dim_a', ['dim_a', 'fct_a', 'other', 'raw_a', 'stg_a', 'unique_dim_a_id']],
    ['tag:nightly', ['dim_a', 'unique_dim_a_id']],
    ['path:models/staging', ['raw_a', 'stg_a']],
    ['models/staging', ['raw_a', 'stg_a']],
    ['staging', ['raw_a', 'stg_a']],
    ['staging.*', ['raw_a', 'stg_a']],
    ['marts,config.materialized:table', ['dim_a', 'unique_dim_a_id']],
    ['other raw_a', ['other', 'raw_a']],
    ['*_a', ['dim_a', 'fct_a', 'raw_a', 'stg_a', 'unique_dim_a_id']],
    ['resource_type:test', ['unique_dim_a_id']],
  ])('"%s" names what dbt names', async (select, names) => {
    const project = await load(files)
    const chosen = selectNodes(project.nodes, project.graph, { select: [select], exclude: [] })
    expect([...chosen].map((id) => project.nodes.get(id)!.name).toSorted()).toEqual(names)
  })

  it('takes the excluded away', async () => {
    const project = await load(files)
    const chosen = selectNodes(project.nodes, project.graph, { select: [], exclude: ['staging', 'tag:nightly'] })
    expect([...chosen].map((id) => project.nodes.get(id)!.name).toSorted()).toEqual(['fct_a', 'other'])
  })

  it('refuses a method that does not exist', async () => {
    const project = await load(files)
    expect(() => selectNodes(project.nodes, project.graph, { select: ['colour:red'], exclude: [] })).toThrow(
      expect.objectContaining({ code: 'SELECTION_INVALID', message: expect.stringContaining('colour') }),
    )
  })
})
