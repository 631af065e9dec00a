/**
 * Files that a project may have beside its own, each with the texts that it may have: any choice of texts is a project,
 * though not each of them is whole. Undefined: there is no such file.
 */
export const projectSlots: Readonly<Record<string, readonly (string | undefined)[]>> = {
  'models/wing/a.sql': [
    undefined,
    "select * from {{ ref('base') }}",
    "{{ config(alias='another_a', tags=['wing']) }} select {{ twice('1') }} as v from {{ ref('stg_orders') }}",
    '{{ config(enabled=false) }} select 1 as v',
    "{{ config(group='accounting', access='private') }} select * from {{ source('wing', 't') }}",
    '{{ config(post_hook="{{ twice(1) }}") }} select 1.0 as v',
    "{{ config(enabled=false) }} select {{ twice('1') }} as v",
  ],
  'models/wing/b.sql': [
    undefined,
    "select * from {{ ref('a') }}",
    "{{ config(group='accounting') }} select * from {{ ref('a') }} join {{ ref('wing_seed') }} using (id)",
    "select {{ thrice('2') }} as v, {{ helpers.dispatched('x') }} as d",
    "{{ config(meta={'share': 2.0}) }} select * from {{ ref('orders', v=1) }}",
  ],
  'models/other/b.sql': [undefined, "select * from {{ ref('a') }} where 1 = 2"],
  'models/wing/_wing.yml': [
    undefined,
    'models:\n  - { name: a, description: "{{ doc(\'wing\') }}", columns: [{ name: v, data_tests: [unique, not_null] }] }',
    `models:
  - name: a
    meta: { ratio: 1.0 }
    data_tests: [wing_test: { arg: "{{ twice('3') }}" }]
    columns: [{ name: v, data_tests: [unique, relationships: { to: ref('b'), field: v }, accepted_values: { values: [1.0] }] }]
  - { name: b, config: { schema: elsewhere }, columns: [{ name: v, description: "{{ doc('wing') }}" }] }
seeds: [{ name: wing_seed, config: { tags: [seeded] } }]
data_tests: [{ name: wing_singular, description: "{{ doc('order_id') }}" }]
`,
    `models: [{ name: b, columns: [{ name: v, data_tests: [not_null: { description: "{{ doc('wing') }}" }] }] }]
groups: [{ name: wings, owner: { name: Ann } }]
exposures: [{ name: seen, type: notebook, owner: { name: Bob }, depends_on: [ref('a')] }]
`,
  ],
  'models/wing/_entries.yml': [
    undefined,
    'sources: [{ name: wing, tables: [{ name: t, description: "{{ doc(\'wing\') }}", data_tests: [wing_test: { arg: x }] }] }]',
    `sources: [{ name: wing, tables: [{ name: t, columns: [{ name: id, data_tests: [unique] }] }, { name: idle, config: { enabled: false } }] }]
exposures: [{ name: shown, type: dashboard, owner: { name: Bob }, depends_on: [ref('totals'), "source('wing', 't')"] }]
macros: [{ name: twice, description: "{{ doc('wing') }}" }]
`,
    `unit_tests:
  - name: a_is_a
    model: a
    given: [{ input: ref('base'), format: csv, fixture: wing_rows }]
    expect: { rows: [{ v: 1 }] }
  - { name: idle, model: totals, config: { enabled: false }, given: [], expect: { rows: [] } }
`,
  ],
  'models/wing/wing.md': [
    undefined,
    '{% docs wing %} A wing. {% enddocs %}',
    '{% docs other %} Another. {% enddocs %}\n{% docs wing %} Two wings. {% enddocs %}',
  ],
  'macros/wing.sql': [
    undefined,
    '{% macro twice(x) %}{{ x }} * 2{% endmacro %}',
    '{% macro twice(x) %}{{ thrice(x) }}{{ config(tags=["twice"]) }}{% endmacro %}\n\n{%- test wing_test(model, arg) -%} select 1 from {{ model }} where {{ twice(arg) }} {%- endtest -%}',
    "{% test wing_test(model, arg) %}{{ config(severity='warn') }} select * from {{ model }} {% endtest %}\n{% macro twice(x) %}{{ ref('base') }}{% endmacro %}",
  ],
  'macros/inner.sql': [
    undefined,
    '{% macro thrice(x) %}{{ x }} * 3{% endmacro %}',
    "{% macro thrice(x) %}{% do config(meta={'thrice': x}) %}{{ source('raw', 'orders') }}{% endmacro %}",
    '{% macro default__dispatched(x) %}{{ x }} from the root{% endmacro %}{% macro thrice(x) %}{% endmacro %}',
  ],
  'seeds/wing_seed.csv': [undefined, 'id,v\n1,2\n', 'id,v\n1,3\n'],
  'snapshots/wing.sql': [
    undefined,
    "{% snapshot wing_history %}{{ config(strategy='check', unique_key='v', check_cols='all') }} select * from {{ ref('a') }}{% endsnapshot %}",
    "{% snapshot wing_past %}{{ config(strategy='check', unique_key='v', check_cols='all') }} select {{ twice(1) }}{% endsnapshot %}",
  ],
  'snapshots/_wing.yml': [
    undefined,
    "snapshots: [{ name: wing_yaml, relation: ref('base'), config: { strategy: check, unique_key: y, check_cols: all } }]",
    'snapshots: [{ name: wing_history, description: "{{ doc(\'wing\') }}", columns: [{ name: v, data_tests: [unique] }] }]',
  ],
  'tests/wing_singular.sql': [
    undefined,
    "select * from {{ ref('totals') }} where {{ thrice('1') }}",
    "select * from {{ ref('a') }}",
  ],
  'analyses/wing_analysis.sql': [undefined, "select {{ twice('4') }} from {{ ref('b') }}"],
  'tests/fixtures/wing_rows.csv': [undefined, 'v\n1\n', 'v\n2\n3\n'],
}

/** Kinds of changes one after the other, each of which leaves a whole project: which of its texts each file gets. */
export const projectChanges: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'a model is added': { 'models/wing/a.sql': 1 },
  'macros are added, and the model calls one': { 'macros/wing.sql': 1, 'macros/inner.sql': 1, 'models/wing/a.sql': 2 },
  'the model is switched off': { 'models/wing/a.sql': 6 },
  'a macro is changed that only the model calls': { 'macros/wing.sql': 3 },
  'the model is switched on, and its macro is as it was': { 'macros/wing.sql': 1, 'models/wing/a.sql': 2 },
  'a docs block and properties are added': { 'models/wing/wing.md': 1, 'models/wing/_wing.yml': 1 },
  'a docs block gets another text': { 'models/wing/wing.md': 2 },
  'a macro calls another one, and a generic test is added': { 'macros/wing.sql': 2 },
  'the macro that is called by a macro is changed': { 'macros/inner.sql': 2 },
  'a macro comes between a dispatch and a package': { 'macros/inner.sql': 3 },
  'a seed is added, and a model of a group that refers to it': {
    'seeds/wing_seed.csv': 1,
    'models/wing/b.sql': 2,
  },
  'the seed is changed': { 'seeds/wing_seed.csv': 2 },
  'a snapshot is added': { 'snapshots/wing.sql': 1 },
  'properties describe the snapshot': { 'snapshots/_wing.yml': 2 },
  'a snapshot of properties comes in their place': { 'snapshots/_wing.yml': 1, 'snapshots/wing.sql': 2 },
  'snapshots are deleted': { 'snapshots/_wing.yml': 0, 'snapshots/wing.sql': 0 },
  'a singular test is added': { 'tests/wing_singular.sql': 1 },
  'properties describe a test, a seed and tests with arguments': { 'models/wing/_wing.yml': 2 },
  'the singular test refers to another model': { 'tests/wing_singular.sql': 2 },
  'a source with a test is added': { 'models/wing/_entries.yml': 1 },
  'the source gets a table that is off, and an exposure and a macro are described': { 'models/wing/_entries.yml': 2 },
  'a unit test with a fixture is added in their place': {
    'models/wing/_entries.yml': 3,
    'tests/fixtures/wing_rows.csv': 1,
  },
  'the fixture is changed': { 'tests/fixtures/wing_rows.csv': 2 },
  'a group and an exposure are added': { 'models/wing/_wing.yml': 3 },
  'a model is renamed to another folder': { 'models/wing/b.sql': 0, 'models/other/b.sql': 1 },
  'an analysis is added': { 'analyses/wing_analysis.sql': 1 },
  'what refers to a model is deleted, and its tests are left out': {
    'models/other/b.sql': 0,
    'analyses/wing_analysis.sql': 0,
  },
  'the model is there again, and so are its tests': { 'models/wing/b.sql': 1 },
  'macros are deleted, and what called them is another': { 'macros/wing.sql': 0, 'models/wing/a.sql': 1 },
}
