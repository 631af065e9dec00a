import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { literally } from '../parse/place-in-file.ts'
import { runCommand } from './run-command.ts'

/*
 * Mistakes that people make, and what they are told: file, line, what, remedy. Exit codes are those of dbt 1.10, with
 * which each of these projects was tried too, but where a comment says otherwise.
 */

interface Mistake {
  readonly files?: Readonly<Record<string, string>>
  readonly command?: string | readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly code: number
  readonly says: string | RegExp
  /** Default: INTERNAL, since no mistake of theirs is a fault of ours. */
  readonly not?: string
}

const project = "name: shop\nversion: '1.0'\nprofile: shop\n"
const profiles = 'shop: {target: dev, outputs: {dev: {type: duckdb, path: ":memory:", schema: main, threads: 1}}}\n'
const base = { 'dbt_project.yml': project, 'profiles.yml': profiles, 'models/a.sql': 'select 1 as id\n' }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'eclusa errors '))
})
afterAll(async () => await rm(folder, { recursive: true }))

let count = 0

async function outcomeOf({ files = {}, command = 'parse', environment = {} }: Mistake) {
  const directory = path.join(folder, String((count += 1)))
  const written = Object.entries({ ...base, ...files }).filter(([, text]) => text !== absent)
  for (const [name, text] of written) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true })
    await writeFile(path.join(directory, name), text)
  }
  const output: string[] = []
  const code = await runCommand(typeof command === 'string' ? command.split(' ') : command, {
    program: 'eclusa transform',
    directory,
    environment,
    hasColors: false,
    write: (line) => output.push(line.replace(/^\d\d:\d\d:\d\d {2}/u, '')),
    signal: new AbortController().signal,
  })
  return { code, text: output.join('\n') }
}

/** In the place of a file's text: there is no such file. */
const absent = '\0'

const properties = (text: string) => ({ 'models/m.yml': text })
const model = (text: string) => ({ 'models/b.sql': text })
const settings = (text: string) => ({ 'dbt_project.yml': project + text })
const column = (tests: string) => properties(`models: [{name: a, columns: [{name: id, ${tests}}]}]\n`)
const unitTest = (text: string) => ({
  'models/b.sql': "select id, id * 2 as n from {{ ref('a') }}\n",
  'models/m.yml': text,
})
const snapshot = (config: string) => ({
  'snapshots/s.sql': `{% snapshot s %}{{ config(target_schema='main', ${config}) }} select 1 as id{% endsnapshot %}\n`,
})

const groups: Readonly<Record<string, Readonly<Record<string, Mistake>>>> = {
  'dbt_project.yml': {
    'that is not there': { files: { 'dbt_project.yml': absent }, code: 2, says: 'There is no dbt_project.yml in ' },
    'that is not there, for debug': {
      files: { 'dbt_project.yml': absent },
      command: 'debug',
      code: 1,
      says: /profiles.yml file \[OK.*dbt_project.yml file \[ERROR.*Connection test: \[OK.*1 check failed/su,
    },
    'that is not there, with several profiles, for debug': {
      files: { 'dbt_project.yml': absent, 'profiles.yml': 'config: {}\na: {}\nb: {}\n' },
      command: 'debug',
      code: 1,
      says: /profiles.yml file \[ERROR.*2 checks failed.*Name one with --profile: a, b\./su,
    },
    'that is not there, nor profiles.yml, for debug': {
      files: { 'dbt_project.yml': absent, 'profiles.yml': absent },
      command: 'debug',
      code: 1,
      says: /Connection test skipped since no profile was found.*2 checks failed.*There is no profiles.yml in /su,
    },
    'with a microbatch model that lacks its settings': {
      files: model(
        `{{ config(materialized='incremental', incremental_strategy='microbatch', batch_size='week') }} select 1`,
      ),
      code: 2,
      says: /must provide an 'event_time'.*must provide a 'begin'.*must provide a 'batch_size', one of hour, day/su,
    },
    'in a folder that is not there': {
      command: 'debug --project-dir nowhere',
      code: 2,
      says: "Path 'nowhere' does not exist.",
    },
    'with a hook of seeds that calls ref': {
      files: {
        ...settings('seeds: {+post-hook: "select count(*) from {{ ref(\'a\') }}"}\n'),
        'seeds/s.csv': 'id\n1\n',
      },
      code: 2,
      says: 'Seeds cannot depend on other nodes: a hook of "s" calls ref or source',
    },
    'without the profile that debug is given': {
      command: 'debug --connection --profile none_such',
      code: 1,
      says: /Skipping steps before connection verification.*1 check failed.*Could not find profile named 'none_such'/su,
    },
    'that is no YAML': { files: settings('models: [a\n'), code: 2, says: 'dbt_project.yml:5:1: ' },
    'with a tab': { files: settings('models:\n\tshop: 1\n'), code: 2, says: 'dbt_project.yml:5:1: Tabs are not' },
    'without a name': {
      files: { 'dbt_project.yml': 'profile: shop\n' },
      code: 2,
      says: 'name: is missing: it must be a text',
    },
    'with a key that does not exist': {
      files: settings('modles: {}\n'),
      code: 2,
      says: 'there is no setting "modles"; did you mean "models"?',
    },
    'with a version that is none': {
      files: { 'dbt_project.yml': "name: shop\nprofile: shop\nversion: '1'\n" },
      code: 2,
      says: "dbt_project.yml:3:10: version: is no version: write it as '1.0.0'",
    },
    'with an old and a new spelling': {
      files: settings('source-paths: [a]\nmodel-paths: [b]\n'),
      code: 2,
      says: 'dbt_project.yml:4:15: both source-paths and model-paths are given',
    },
    'with an old spelling': {
      files: settings('source-paths: [models]\n'),
      code: 0,
      says: '- ConfigSourcePathDeprecation: 1 occurrence',
    },
    'with a text for a list': {
      files: settings('model-paths: models\n'),
      code: 2,
      says: 'model-paths: must be a list or nothing',
    },
    'for a newer dbt': {
      files: settings("require-dbt-version: '>=1.11.0'\n"),
      code: 2,
      says: /require-dbt-version of shop is >=1\.11\.0, and this works as dbt 1\.10\.\d+: .*--no-version-check/u,
    },
    'for a newer dbt, with --no-version-check': {
      files: settings("require-dbt-version: '>=1.11.0'\n"),
      command: 'parse --no-version-check',
      code: 0,
      says: 'Parsed the project',
    },
    'for no dbt at all': {
      files: settings("require-dbt-version: ['>=1.9.0', '<1.5.0']\n"),
      code: 2,
      says: 'which no version of dbt can be: correct its bounds',
    },
    'with settings for nothing': {
      files: settings('models:\n  shop:\n    stagging:\n      +enabled: true\n'),
      code: 0,
      says: 'There are 1 unused configuration paths:\n- models.shop.stagging',
    },
    'with a variable of the environment that is not set': {
      files: settings('models:\n  +schema: "{{ env_var(\'NOT_THERE\') }}"\n'),
      code: 2,
      says: "dbt_project.yml:5:12: Env var required but not provided: 'NOT_THERE'",
    },
  },
  'profiles.yml': {
    'that is not there': {
      files: { 'profiles.yml': absent },
      command: 'parse --profiles-dir .',
      code: 2,
      says: 'There is no profiles.yml in',
    },
    'without the profile': {
      command: 'parse --profile nope',
      code: 2,
      says: "Could not find profile named 'nope'. The profiles are shop",
    },
    'without the target': {
      command: 'parse --target prod',
      code: 2,
      says: "The profile 'shop' does not have a target named 'prod'. The targets are dev",
    },
    'with a type that does not exist': {
      files: { 'profiles.yml': profiles.replace('duckdb', 'oracle9') },
      code: 2,
      says: 'type is "oracle9"',
    },
    'with a port that is none': {
      files: {
        'profiles.yml':
          'shop: {target: dev, outputs: {dev: {type: postgres, host: h, port: abc, user: u, password: p, dbname: d, schema: s}}}\n',
      },
      code: 2,
      says: 'port is a whole number',
    },
  },
  'properties files': {
    'that are no YAML': {
      files: properties('models:\n  - name: a\n   description: x\n'),
      code: 2,
      says: 'models/m.yml:3:1: ',
    },
    'that are no mapping': { files: properties('- name: a\n'), code: 2, says: 'models/m.yml:1:1: must be a mapping' },
    'with a mapping for a list': {
      files: properties('models: {name: a}\n'),
      code: 2,
      says: 'models/m.yml:1:9: models: must be a list',
    },
    'with an entry without a name': {
      files: properties('models: [{description: a}]\n'),
      code: 2,
      says: 'models.0.name: is missing',
    },
    'with a key twice': {
      files: properties('models:\n  - name: a\n    description: x\n    description: y\n'),
      code: 0,
      says: 'models/m.yml:4: the key "description" is given twice, and the last one holds',
    },
    'about a model that is not there': {
      files: properties('models: [{name: nope}]\n'),
      code: 0,
      says: 'models/m.yml:1 describes "nope" under models',
    },
    'about a model that another describes': {
      files: { ...properties('models: [{name: a}]\n'), 'models/n.yml': 'models: [{name: a}]\n' },
      code: 2,
      says: 'models/n.yml:1:10: model "a" is also described in models/m.yml',
    },
    'with both names of tests': {
      files: column('tests: [unique], data_tests: [not_null]'),
      code: 2,
      says: 'put all of them under data_tests',
    },
    // dbt says nothing before the test is run.
    'with a test that does not exist': {
      files: column('data_tests: [uniqe]'),
      code: 2,
      says: 'no generic test called "uniqe": did you mean "unique"?',
    },
    'with a wrong argument of a test': {
      files: column('data_tests: [{accepted_values: {vals: [1]}}]'),
      code: 2,
      says: "The project has a fault: models/m.yml:1:54: macro 'test_accepted_values' takes no keyword argument 'vals'",
    },
    'with two names of one test': {
      files: column('data_tests: [{unique: {}, not_null: {}}]'),
      code: 2,
      says: 'a test is a name, or one name',
    },
    'with one test twice': {
      files: column('data_tests: [unique, unique]'),
      code: 2,
      says: 'two tests are called "unique_a_id"',
    },
    'with a severity that does not exist': {
      files: column('data_tests: [{unique: {config: {severity: fatal}}}]'),
      code: 2,
      says: 'is "fatal": it must be warn or error',
    },
    'with a table twice': {
      files: properties('sources:\n  - {name: s, tables: [{name: t}]}\n  - {name: s, tables: [{name: t}]}\n'),
      code: 2,
      says: "models/m.yml:3:24: source('s', 't') is also declared in models/m.yml:2",
    },
    'with a freshness that is none': {
      files: properties(
        'sources: [{name: s, freshness: {warn_after: {count: 1, period: week}}, tables: [{name: t}]}]\n',
      ),
      code: 2,
      says: 'period: must be one of minute, hour, day',
    },
    'with an exposure of nothing': {
      files: properties("exposures: [{name: e, type: dashboard, owner: {email: a@b.c}, depends_on: [ref('nope')]}]\n"),
      code: 2,
      says: 'models/m.yml:1:76: exposure "e": ref(\'nope\') names a node which was not found',
    },
    'with a docs block that is not there': {
      files: properties('models:\n  - name: a\n    description: "{{ doc(\'nope\') }}"\n'),
      code: 2,
      says: 'models/m.yml:3:19: the description of "a": there is no docs block called "nope"',
    },
    'with an access that does not exist': {
      files: properties('models: [{name: a, access: secret}]\n'),
      code: 2,
      says: 'is "secret": it must be private, protected or public',
    },
    'with a group that does not exist': {
      files: properties('models: [{name: a, config: {group: nope}}]\n'),
      code: 2,
      says: 'in the group "nope"',
    },
    'with a unit test of nothing': {
      files: properties('unit_tests: [{name: u, model: zz, given: [], expect: {rows: []}}]\n'),
      code: 2,
      says: 'models/m.yml:1:24: the unit test "u" is about "zz"',
    },
  },
  'a model': {
    'that refers to nothing': {
      files: model("select * from\n  {{ ref('nope') }}\n"),
      code: 2,
      says: "models/b.sql:2:6: ref('nope') names a node which was not found",
    },
    'that refers to something misspelt': {
      files: { 'models/orders.sql': 'select 1', ...model("select * from {{ ref('order') }}") },
      code: 2,
      says: 'the closest is "orders"',
    },
    'that refers to what is disabled': {
      files: { 'models/off.sql': '{{ config(enabled=false) }} select 1', ...model("select * from {{ ref('off') }}") },
      code: 2,
      says: "models/b.sql:1:18: ref('off') names model.shop.off (models/off.sql), which is disabled",
    },
    'that refers without a name': {
      files: model('select * from {{ ref() }}'),
      code: 2,
      says: 'models/b.sql:1:21: ref() takes one or two arguments (0 given)',
    },
    'that reads a source of nobody': {
      files: model("select * from {{ source('x', 'y') }}"),
      code: 2,
      says: "models/b.sql:1:18: source('x', 'y') names a source which was not found",
    },
    'that reads itself by way of others': {
      files: { ...model("select * from {{ ref('c') }}"), 'models/c.sql': "select * from {{ ref('b') }}" },
      code: 2,
      says: 'in a circle: b -> c -> b (models/b.sql, models/c.sql).',
    },
    'of a name that another has': {
      files: { 'models/x/a.sql': 'select 2' },
      code: 2,
      says: 'models/x/a.sql: a model called "a" is also in models/a.sql',
    },
    'that writes where another does': {
      files: model("{{ config(alias='a') }} select 1"),
      code: 2,
      says: 'and so does models/a.sql: give one of them another alias',
    },
    'that is enabled perhaps': {
      files: model("{{ config(enabled='maybe') }} select 1"),
      code: 2,
      says: 'enabled of "b" is "maybe": it must be true or false',
    },
    'with a block that does not end': {
      files: model('select 1\n{% if true %}\n'),
      code: 2,
      says: 'models/b.sql:2:12: Unexpected end of template. Jinja was looking for',
    },
    'with Jinja that is none': {
      files: model('select 1\n{{ a b }}\n'),
      code: 2,
      says: "models/b.sql:2:6: expected token 'end of print statement', got 'b'",
    },
    'with a tag that does not exist': {
      files: model('{% iff true %}'),
      code: 2,
      says: "Encountered unknown tag 'iff'.",
    },
    'with a filter that does not exist': {
      files: model('{{ 1 | nofilter }}'),
      code: 2,
      says: "No filter named 'nofilter'.",
    },
    'that adds a text to a number': {
      files: model("{{ 1 + 'a' }}"),
      code: 2,
      says: "models/b.sql:1:6: unsupported operand type(s) for +: 'int' and 'str'",
    },
    'that needs a variable of the environment': {
      files: model("select\n {{ env_var('NOT_SET_X') }}"),
      code: 2,
      says: "models/b.sql:2:12: Env var required but not provided: 'NOT_SET_X'",
    },
  },
  'a macro': {
    'of which there are two': {
      files: { 'macros/m.sql': '{% macro m() %}{% endmacro %}', 'macros/n.sql': '{% macro m() %}{% endmacro %}' },
      code: 2,
      says: /macros\/n\.sql.*macros\/m\.sql/su,
    },
    'with Jinja that is none': {
      files: { 'macros/m.sql': '{% macro m(a) %}\n{{ a b }}\n{% endmacro %}' },
      code: 2,
      says: 'macros/m.sql:2:6: ',
    },
    'that is given too much': {
      files: { 'macros/m.sql': '{% macro m(a) %}{% endmacro %}', ...model('{{ m(1, 2) }}') },
      code: 2,
      says: "models/b.sql:1:5: macro 'm' takes not more than 1 argument(s)",
    },
    'that is given what it does not know': {
      files: { 'macros/m.sql': '{% macro m(a) %}{% endmacro %}', ...model('{{ m(b=2) }}') },
      code: 2,
      says: "macro 'm' takes no keyword argument 'b'",
    },
    'that complains': {
      files: {
        'macros/m.sql': "{% macro m() %}\n{{ exceptions.raise_compiler_error('no') }}{% endmacro %}",
        ...model('{{ m() }}'),
      },
      code: 2,
      says: 'macros/m.sql:2:35: no',
    },
    'that no warehouse has': {
      files: { 'macros/m.sql': "{% macro m() %}{{ adapter.dispatch('mm')() }}{% endmacro %}", ...model('{{ m() }}') },
      code: 2,
      says: 'define duckdb__mm or default__mm',
    },
  },
  'a snapshot': {
    'without a key': {
      files: snapshot("strategy='check', check_cols='all'"),
      code: 2,
      says: "has no unique_key: give it unique_key='id'",
    },
    'without a strategy': { files: snapshot("unique_key='id'"), code: 2, says: 'has no strategy: give it' },
    'without what tells changes': {
      files: snapshot("unique_key='id', strategy='timestamp'"),
      code: 2,
      says: 'has no updated_at: give it',
    },
    'that does not end': {
      files: { 'snapshots/s.sql': '{% snapshot s %} select 1' },
      code: 2,
      says: 'has no {% endsnapshot %}',
    },
  },
  'a run': {
    'of SQL that the warehouse refuses': {
      files: model('select\n  1 as id,\n  from wehre\n'),
      command: 'run',
      code: 1,
      says: /Runtime Error in model b \(models\/b\.sql\)\n {2}Catalog Error: Table with name wehre does not exist!(?:\n.*)?\n {2}LINE 3: {3}from wehre\n {17}\^\n\n {2}compiled code at target\/compiled\/shop\/models\/b\.sql\n\nDone\./u,
    },
    'of a name that nobody defines': {
      files: model('select\n  {{ dbt_utils.star() }}'),
      command: 'run',
      code: 1,
      says: /Compilation Error in model b \(models\/b\.sql\)\n {2}'dbt_utils' is undefined\. .*install its package.*\n {4}at models\/b\.sql:2:\d+/u,
    },
    'without a var': {
      files: model("select {{ var('day') }}"),
      command: 'run',
      code: 1,
      says: "Required var 'day' not found: set it under vars",
    },
    'of a materialization that does not exist': {
      files: model("{{ config(materialized='tabel') }} select 1 as id"),
      command: 'run',
      code: 1,
      says: "Compilation Error in model b (models/b.sql)\n  No materialization 'tabel' was found",
    },
    'of values that do not fit': {
      files: model("{{ config(materialized='table') }} select cast('s3cret' as integer) as id"),
      command: 'run',
      code: 1,
      says: 'Conversion Error: Could not convert string "…" to INT32',
      not: "string 's3cret'",
    },
    'of a unit test that fails': {
      files: unitTest(
        "unit_tests: [{name: u, model: b, given: [{input: ref('a'), rows: [{id: 1}, {id: 2}, {id: 3}]}], expect: {rows: [{id: 1, n: 2}, {id: 2, n: 5}, {id: 4, n: 8}]}}]\n",
      ),
      command: 'build',
      code: 1,
      says: 'actual differs from expected:\n\n@@ ,id,n\n   ,1 ,2\n→  ,2 ,5→4\n+++,3 ,6\n---,4 ,8\n\n\n  compiled code at target/compiled/shop/models/m.yml/models/u.sql',
    },
    'of a unit test with a column that is not there': {
      files: unitTest(
        "unit_tests: [{name: u, model: b, given: [{input: ref('a'), rows: [{idd: 1}]}], expect: {rows: [{id: 1}]}}]\n",
      ),
      command: 'build',
      code: 1,
      says: "Compilation Error in unit_test u (models/m.yml)\n  Invalid column name: 'idd' in unit test fixture for 'a'.",
    },
    'of a macro that is not there': {
      command: 'run-operation nope',
      code: 2,
      says: "could not find a macro with the name 'nope'",
    },
    'again, where there was none': { command: 'retry', code: 2, says: 'Could not find previous run' },
  },
  'a command line': {
    'with a command that does not exist': {
      command: 'bulid',
      code: 2,
      says: "No such command 'bulid'. Did you mean 'build'?",
    },
    'with an option that does not exist': { command: 'run --selct a', code: 2, says: 'Did you mean --select?' },
    "with another command's option": {
      command: 'parse --full-refresh',
      code: 2,
      says: "The command parse has no option '--full-refresh'.",
    },
    'with an option of dbt that variables alone can set': {
      command: 'run --deprecated-defer',
      code: 2,
      says: "The option '--deprecated-defer' of dbt does not exist here: use --defer.",
    },
    'with SQL to show that the warehouse refuses': {
      command: ['show', '--inline', 'select * from nowhere'],
      code: 2,
      says: 'LINE 1: select * from nowhere',
    },
    'with a choice that does not exist': {
      command: 'run --indirect-selection greedy',
      code: 2,
      says: 'is not one of eager, cautious, buildable, empty',
    },
    'with vars that are none': { command: ['run', '--vars', 'abc'], code: 2, says: "'--vars' expects a mapping" },
    'with a method that does not exist': {
      command: 'ls --select banana:x',
      code: 2,
      says: "'banana' is not a valid method name; known: fqn",
    },
    'with state: and no state': {
      command: 'ls --select state:modified',
      code: 2,
      says: 'name the folder of one with --state',
    },
    'that clones nothing': { command: 'clone', code: 2, says: '--state or --defer-state are required' },
    'that defers to nothing': { command: 'compile --defer', code: 2, says: '--state or --defer-state are required' },
    'with --models and a kind': { command: 'ls --models a --resource-type test', code: 2, says: 'exclude each other' },
    'with an old option': { command: 'ls --models a', code: 0, says: '- ModelParamUsageDeprecation: 1 occurrence' },
    'with a value of the environment that is none': {
      command: 'run',
      environment: { DBT_FULL_REFRESH: 'perhaps' },
      code: 2,
      says: "'DBT_FULL_REFRESH': 'perhaps' is neither true nor false",
    },
    'that lets warnings fail': {
      files: settings('models: {other: {+enabled: true}}\n'),
      command: 'parse --warn-error',
      code: 2,
      says: 'UnusedResourceConfigPath: Configuration paths exist',
    },
    'that silences a warning': {
      files: settings('models: {other: {+enabled: true}}\n'),
      command: ['parse', '--warn-error-options', '{error: all, silence: [UnusedResourceConfigPath]}'],
      code: 0,
      says: 'Parsed the project',
      not: 'Configuration paths exist',
    },
    'with options for warnings that are none': {
      command: ['parse', '--warn-error-options', '{error: al}'],
      code: 2,
      says: "error must be 'all', or a list of names of warnings",
    },
  },
}

describe.each(Object.entries(groups))('%s', (_group, mistakes) => {
  it.each(Object.entries(mistakes))('%s', async (_name, mistake) => {
    const { code, text } = await outcomeOf(mistake)
    const { says } = mistake
    expect(text).toMatch(typeof says === 'string' ? new RegExp(literally(says), 'u') : says)
    expect(text).not.toContain(mistake.not ?? 'INTERNAL')
    expect(code).toBe(mistake.code)
  })
})
