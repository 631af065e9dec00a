import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

describe.each(Object.entries(trialWarehouses))('materializations on %s', (name, open) => {
  it('send hooks inside and outside of the transaction that builds the model', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/hooked.sql': `{{ config(
        materialized='table',
        pre_hook=[{'sql': "select 'before'", 'transaction': false}, "select 'pre {{ this.name }}'"],
        post_hook=["select 'post'", after_commit("select 'after'")]
      ) }} select 1 as id`,
    })
    const sent: string[] = []
    const results = await trial.run({ warehouse: recording(trial.warehouse, sent) })
    expect(results['hooked']?.status).toBe('success')
    const model = sent.slice(sent.findIndex((sql) => sql.includes("select 'before'")))
    const steps = model
      .map((sql) =>
        /select '(\w+(?: hooked)?)'|^(begin|commit)$|create table/u.exec(sql)?.slice(0, 2).filter(Boolean).at(-1),
      )
      .filter((step) => step !== undefined)
    expect(steps).toEqual(['before', 'begin', 'pre hooked', 'create table', 'post', 'commit', 'after'])
  })

  it('rolls back what the hooks inside did when the model fails, and keeps what those outside did', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/broken.sql': `{{ config(materialized='table', pre_hook=[
        {'sql': "insert into notes values ('outside')", 'transaction': false},
        "insert into notes values ('inside')"
      ]) }} select no_such_column`,
    })
    await trial.query('create table notes (note varchar(20))')
    const { broken } = await trial.run()
    expect(broken).toMatchObject({
      status: 'error',
      message: expect.stringMatching(
        /^\w+ Error in model broken \(models\/broken\.sql\)\n {2}[\s\S]*no_such_column/u,
      ) as string,
    })
    expect(await trial.rows('select note from notes')).toEqual([['outside']])
  })

  it('are those of the project where it defines its own', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/noted.sql': `{{ config(materialized='noted') }} select 7 as id`,
      'models/marked.sql': `{{ config(materialized='table') }} select 8 as id`,
      'macros/own.sql': `
        {% materialization noted, default %}
          {%- set target = this.incorporate(type='table') -%}
          {% call statement('main') %}create table {{ target }} as select id * 6 as id from ({{ sql }}) as rows{% endcall %}
          {% do adapter.commit() %}
          {{ return({'relations': [target]}) }}
        {% endmaterialization %}
        {% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
          create table {{ relation }} as select 'marked' as mark, * from ({{ compiled_code }}) as rows
        {% endmacro %}`,
    })
    expect((await trial.run())['noted']?.status).toBe('success')
    expect(await trial.rows('select * from analytics.noted')).toEqual([[42]])
    expect(await trial.rows('select * from analytics.marked')).toEqual([['marked', 8]])
  })

  it('says what is wrong with a materialization that does not exist or returns nothing', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/unknown.sql': `{{ config(materialized='tabel') }} select 1 as id`,
      'models/silent.sql': `{{ config(materialized='silent') }} select 1 as id`,
      'macros/own.sql': `{% materialization silent, default %}{% call statement('main') %}select 1{% endcall %}{% endmaterialization %}`,
    })
    const { unknown, silent } = await trial.run()
    expect(unknown?.message).toMatch(/No materialization 'tabel' was found/u)
    expect(silent?.message).toMatch(/did not explicitly return a list of relations/u)
  })

  it('fail a model whose columns are not those of its contract, and build it with its constraints otherwise', async () => {
    const contract = (type: string) => `
models:
  - name: strict
    config: {materialized: table, contract: {enforced: true}}
    constraints: [{type: primary_key, columns: [id]}]
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}]}
      - {name: label, data_type: ${type}}
`
    await using trial = await ProjectTrial.open(open, {
      'models/strict.sql': `select 'a'::varchar as label, 1 as id`,
      'models/strict.yml': contract('integer'),
    })
    const { strict } = await trial.run()
    expect(strict).toMatchObject({ status: 'error', message: expect.stringMatching(/contract/iu) as string })
    await trial.write('models/strict.yml', contract('varchar'))
    expect((await trial.run())['strict']?.status).toBe('success')
    expect(await trial.rows('select id, label from analytics.strict')).toEqual([[1, 'a']])
    await expect(trial.query(`insert into analytics.strict (id, label) values (1, 'b')`)).rejects.toThrow(
      /strict|constraint/iu,
    )
  })

  it('passes unit tests whose rows are those expected, and builds no model that fails one', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/raw_orders.sql': `select 1 as id, 10 as amount, 'x' as state`,
      'models/totals.sql': `
        select count(*) as orders, sum(amount) as total
        from {{ ref('raw_orders') }} where state != '{{ var('lost', 'lost') }}' and amount > {{ trial._least() }}
        {% if is_incremental() %} and id > (select max(id) from {{ this }}){% endif %}`,
      'macros/least.sql': '{% macro _least() %}0{% endmacro %}',
      'models/below.sql': `select * from {{ ref('totals') }}`,
      'models/tests.yml': unitTests(30),
    })
    const passed = await trial.run()
    expect(passed['totals']?.status).toBe('success')
    expect(unitStatuses(passed)).toEqual(['pass', 'pass'])
    await trial.write('models/tests.yml', unitTests(31))
    const failed = await trial.run()
    expect(unitStatuses(failed)).toEqual(['fail', 'pass'])
    expect(Object.values(failed).find(({ status }) => status === 'fail')?.message).toMatch(
      /actual differs from expected/u,
    )
    expect([failed['totals']?.status, failed['below']?.status]).toEqual(['skipped', 'skipped'])
  })

  it('stores the rows that a test finds where it is asked to', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/numbers.sql': 'select 1 as id union all select 1 union all select 2',
      'models/numbers.yml': `
models:
  - name: numbers
    columns: [{name: id, tests: [{unique: {config: {store_failures: true, alias: twins}}}]}]
`,
    })
    const results = Object.values(await trial.run())
    expect(results.find(({ status }) => status === 'fail')?.failures).toBe(1)
    expect(await trial.rows('select unique_field, n_records from analytics_dbt_test__audit.twins')).toEqual([[1, 2n]])
  })

  it('keeps to the columns, strategy and predicates that an incremental model names', async () => {
    const model = (settings: string, rows: string) =>
      `{{ config(materialized='incremental', ${settings}) }} select id, name, note from (values ${rows}) as given (id, name, note)`
    await using trial = await ProjectTrial.open(open, {
      'models/merged.sql': model(
        `unique_key='id', incremental_strategy='merge', merge_exclude_columns=['note']`,
        `(1, 'a', 'old'), (2, 'b', 'old')`,
      ),
      'models/appended.sql': model(`incremental_strategy='append'`, `(1, 'a', 'old')`),
      'models/own.sql': model(`incremental_strategy='only_new'`, `(1, 'a', 'old')`),
      'macros/own.sql': `{% macro get_incremental_only_new_sql(arg_dict) %}
        insert into {{ arg_dict['target_relation'] }} select * from {{ arg_dict['temp_relation'] }} as new
        where not exists (select 1 from {{ arg_dict['target_relation'] }} as old where old.id = new.id){% endmacro %}`,
    })
    await trial.run()
    await trial.write(
      'models/merged.sql',
      model(
        `unique_key='id', incremental_strategy='merge', merge_exclude_columns=['note']`,
        `(1, 'A', 'new'), (3, 'c', 'new')`,
      ),
    )
    await trial.write('models/own.sql', model(`incremental_strategy='only_new'`, `(1, 'A', 'new'), (2, 'b', 'new')`))
    const statuses = Object.values(await trial.run()).map(({ status }) => status)
    expect(statuses).toEqual(['success', 'success', 'success'])
    const all = async (table: string) => await trial.rows(`select * from analytics.${table} order by 1, 2`)
    expect(await all('merged')).toEqual([
      [1, 'A', 'old'],
      [2, 'b', 'old'],
      [3, 'c', 'new'],
    ])
    expect(await all('appended')).toEqual([
      [1, 'a', 'old'],
      [1, 'a', 'old'],
    ])
    expect(await all('own')).toEqual([
      [1, 'a', 'old'],
      [2, 'b', 'new'],
    ])
  })

  it('builds a microbatch model window by window, and later on the last windows again', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/events.sql': `{{ config(materialized='table', event_time='seen_at') }} select * from raw_events`,
      'models/batched.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen_at',
        batch_size='day', begin='2026-01-01', lookback=0${name === 'PostgreSQL' ? ", unique_key='id'" : ''}) }}
        select id, seen_at, '{{ model.batch.id if model.batch else '' }}' as batch from {{ ref('events') }}`,
    })
    await trial.query('create table raw_events (id int, seen_at timestamp)')
    await trial.query(
      `insert into raw_events values (1, '2026-01-01 10:00'), (2, '2026-01-03 10:00'), (3, '2026-01-04 10:00')`,
    )
    const first = await trial.run({ eventTimeEnd: '2026-01-04', eventTimeStart: '2026-01-01' })
    expect(first['batched']).toMatchObject({ status: 'success', message: 'SUCCESS', batch_results: { failed: [] } })
    expect(first['batched']?.batch_results?.successful).toHaveLength(3)
    expect(await trial.rows('select id, batch from analytics.batched order by 1')).toEqual([
      [1, '20260101'],
      [2, '20260103'],
    ])
    await trial.query(`insert into raw_events values (4, '2026-01-02 10:00'), (5, '2026-01-04 11:00')`)
    await trial.run({ eventTimeStart: '2026-01-04', eventTimeEnd: '2026-01-05' })
    expect(await trial.rows('select id from analytics.batched order by 1')).toEqual([[1], [2], [3], [5]])
  })

  it('brings the columns of an incremental table in line with its query when asked to', async () => {
    const model = (columns: string) =>
      `{{ config(materialized='incremental', on_schema_change='sync_all_columns') }} select ${columns}`
    await using trial = await ProjectTrial.open(open, { 'models/synced.sql': model(`1 as id, 'x' as gone`) })
    await trial.run()
    await trial.write('models/synced.sql', model(`2 as id, 'y' as added`))
    expect((await trial.run())['synced']?.status).toBe('success')
    const { columns, rows } = await trial.query('select * from analytics.synced order by id')
    expect([columns.map((column) => column.name), rows]).toEqual([
      ['id', 'added'],
      [
        [1, null],
        [2, 'y'],
      ],
    ])
  })

  it('writes descriptions into the warehouse and indexes on tables', async () => {
    await using trial = await ProjectTrial.open(open, {
      'models/documented.sql': `{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}], persist_docs={'relation': true, 'columns': true}) }} select 1 as id`,
      'models/documented.yml': `models: [{name: documented, description: "It's one", columns: [{name: id, description: The key}]}]`,
    })
    for (const _ of [1, 2]) expect((await trial.run())['documented']?.status).toBe('success')
    const comments = {
      DuckDB: `select t.comment, c.comment from duckdb_tables() t join duckdb_columns() c using (table_name) where table_name = 'documented'`,
      PostgreSQL: `select obj_description(oid), col_description(oid, 1) from pg_class where relname = 'documented'`,
    }[name]!
    expect(await trial.rows(comments)).toEqual([["It's one", 'The key']])
    await expect(trial.query('insert into analytics.documented values (1)')).rejects.toThrow(/unique|duplicate/iu)
  })
})

describe('a materialized view on PostgreSQL', () => {
  it('is made once, refreshed after that, and replaced on a full refresh or for a table', async () => {
    await using trial = await ProjectTrial.open(trialWarehouses['PostgreSQL'], {
      'models/seen.sql': `{{ config(materialized='materialized_view', indexes=[{'columns': ['id']}]) }} select id from raw_things`,
    })
    await trial.query('create table raw_things (id int)')
    const messages: unknown[] = []
    for (const fullRefresh of [false, false, true]) {
      await trial.query('insert into raw_things values (1)')
      messages.push((await trial.run({ fullRefresh }))['seen']?.message)
    }
    expect(messages).toEqual(['CREATE INDEX', 'REFRESH MATERIALIZED VIEW', 'CREATE INDEX'])
    expect(await trial.rows('select count(*) from analytics.seen')).toEqual([[3n]])
    await trial.write('models/seen.sql', `{{ config(materialized='table') }} select id from raw_things`)
    expect((await trial.run())['seen']?.status).toBe('success')
  })
})

function unitTests(total: number): string {
  return `
unit_tests:
  - name: adds_up
    model: totals
    given:
      - input: ref('raw_orders')
        rows: [{id: 1, amount: 10}, {id: 2, amount: 20, state: kept}, {id: 3, amount: 50, state: gone}, {id: 4, amount: 12, state: kept}]
    overrides: {vars: {lost: gone}, macros: {trial._least: 15}}
    expect: {rows: [{total: 20}]}
  - name: counts_new_ones_only
    model: totals
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('raw_orders'), rows: [{id: 1, amount: 1, state: a}, {id: 2, amount: ${total}, state: b}]}
      - {input: this, format: sql, rows: select 1 as id}
    expect: {rows: [{orders: 1, total: 30}]}
`
}

function unitStatuses(
  results: Readonly<Record<string, { readonly unique_id: string; readonly status: string }>>,
): string[] {
  return Object.values(results)
    .filter(({ unique_id: id }) => id.startsWith('unit_test.'))
    .map(({ status }) => status)
    .toSorted()
}

/** The warehouse, writing down every statement. */
function recording(warehouse: Warehouse, sent: string[]): Warehouse {
  return {
    type: warehouse.type,
    database: warehouse.database,
    async connect(): Promise<WarehouseConnection> {
      const connection = await warehouse.connect()
      return {
        query: async (sql, options) => {
          sent.push(sql.replace(/^\/\*.*\*\/\n/u, '').trim())
          return await connection.query(sql, options)
        },
        [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
