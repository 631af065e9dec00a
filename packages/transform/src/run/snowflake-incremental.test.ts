import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outcomesOf, records, SnowflakeTrials } from '../testing/snowflake-trials.ts'

/* Incremental models, snapshots and seeds on the local endpoint of Snowflake, through Snowflake's own driver. */

let trials: SnowflakeTrials
beforeAll(async () => {
  trials = await SnowflakeTrials.start()
})
afterAll(async () => await trials?.[Symbol.asyncDispose]())

const firstRows = "select 1 as id, 'a' as name union all select 2, 'b'"
const nextRows = "select 2 as id, 'B' as name union all select 3, 'c'"
const model = (config: string) => `{{ config(materialized='incremental', ${config}) }}
  {% if is_incremental() %} ${nextRows} {% else %} ${firstRows} {% endif %}`

describe('incremental models', () => {
  const kept = ['1 a', '2 b']
  const cases: Readonly<Record<string, readonly [config: string, after: readonly string[]]>> = {
    append: [`incremental_strategy='append'`, [...kept, '2 B', '3 c']],
    append_from_table: [`incremental_strategy='append', tmp_relation_type='table'`, [...kept, '2 B', '3 c']],
    no_key: [`incremental_strategy='merge'`, [...kept, '2 B', '3 c']],
    merged: [`unique_key='id'`, ['1 a', '2 B', '3 c']],
    merged_by_two: [`unique_key=['id', 'name'], tmp_relation_type='table'`, [...kept, '2 B', '3 c']],
    merged_some: [`unique_key='id', merge_update_columns=['id']`, [...kept, '3 c']],
    merged_but: [`unique_key='id', merge_exclude_columns=['name']`, [...kept, '3 c']],
    merged_where: [`unique_key='id', incremental_predicates=["DBT_INTERNAL_DEST.id > 5"]`, [...kept, '2 B', '3 c']],
    deleted: [`unique_key='id', incremental_strategy='delete+insert'`, ['1 a', '2 B', '3 c']],
    deleted_by_two: [`unique_key=['id', 'name'], incremental_strategy='delete+insert'`, [...kept, '2 B', '3 c']],
    overwritten: [`incremental_strategy='insert_overwrite'`, ['2 B', '3 c']],
    overwritten_some: [`incremental_strategy='insert_overwrite', overwrite_columns=['id']`, ['2 ', '3 ']],
  }
  const names = Object.keys(cases)

  it('add rows by their strategies, and begin anew with a full refresh', async () => {
    const files = Object.entries(cases).map(([name, [config]]) => [`models/${name}.sql`, model(config)])
    await using trial = await trials.open(Object.fromEntries(files) as Record<string, string>)
    const contents = async () => {
      const each = names.map(
        (name) => `select '${name}' as model, id || ' ' || coalesce(name, '') as row_text from analytics.${name}`,
      )
      const rows = await trial.rows(`${each.join(' union all ')} order by row_text`)
      return Object.fromEntries(names.map((name) => [name, rows.filter(([of]) => of === name).map(([, row]) => row)]))
    }
    const done = Object.fromEntries(names.map((name) => [name, 'success']))
    const before = Object.fromEntries(names.map((name) => [name, kept]))
    const after = Object.fromEntries(Object.entries(cases).map(([name, [, rows]]) => [name, rows.toSorted()]))
    expect([await outcomesOf(trial), await contents()]).toEqual([done, before])
    expect([await outcomesOf(trial), await contents()]).toEqual([done, after])
    expect([await outcomesOf(trial, { fullRefresh: true }), await contents()]).toEqual([done, before])
    // What was staged is gone.
    expect(await records(trial, 'show objects in schema analytics')).toHaveLength(names.length)
  })

  it('meet other columns as on_schema_change says', async () => {
    const expected: Readonly<Record<string, readonly string[]>> = {
      ignore: ['ID', 'NAME', 'GOING'],
      fail: ['ID', 'NAME', 'GOING'],
      append_new_columns: ['ID', 'NAME', 'GOING', 'COMING'],
      sync_all_columns: ['ID', 'NAME', 'COMING'],
    }
    const changes = Object.keys(expected)
    const files = (select: string) =>
      changes.map((change): [string, string] => [
        `models/by_${change}.sql`,
        // `ignore` reads the columns of the table.
        `{{ config(materialized='incremental', unique_key='id', on_schema_change='${change}') }}
         ${select}${change === 'ignore' && select.includes('coming') ? ', 5 as going' : ''}`,
      ])
    await using trial = await trials.open(Object.fromEntries(files("select 1 as id, 'a' as name, 2 as going")))
    await outcomesOf(trial)
    for (const [file, text] of files("select 1 as id, 'a longer name' as name, 4.5 as coming"))
      await trial.write(file, text)
    const outcomes = await outcomesOf(trial)
    expect(Object.keys(outcomes).filter((name) => outcomes[name] !== 'success')).toEqual(['by_fail'])
    for (const change of changes) {
      const described = await records(trial, `describe table analytics.by_${change}`)
      expect([change, described.map(({ name }) => name)]).toEqual([change, expected[change]])
      const name = change === 'fail' ? 'a' : 'a longer name'
      expect(await trial.rows(`select name from analytics.by_${change}`)).toEqual([[name]])
    }
  })

  it('loads batches by time', async () => {
    await using trial = await trials.open({
      'models/events.sql': `{{ config(materialized='table', event_time='at') }}
        select 1 as id, '2026-01-01 05:00:00'::timestamp_ntz as at
        union all select 2, '2026-01-02 00:00:00'::timestamp_ntz
        union all select 3, '2026-01-02 23:59:59'::timestamp_ntz
        union all select 4, '2026-01-03 00:00:00'::timestamp_ntz`,
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at',
        batch_size='day', begin='2026-01-01') }}
        select id, at, '{{ model.batch.id }}' as batch_id from {{ ref('events') }}`,
    })
    const window = { eventTimeStart: '2026-01-01', eventTimeEnd: '2026-01-03' }
    // The second run replaces the rows of each window.
    for (const _ of [1, 2]) {
      const { daily } = await trial.run(window)
      expect(daily).toMatchObject({ status: 'success', failures: 0 })
      expect(daily?.batch_results?.successful).toHaveLength(2)
      expect(await trial.rows('select id, batch_id from analytics.daily order by id')).toEqual([
        [1, '20260101'],
        [2, '20260102'],
        [3, '20260102'],
      ])
    }
  })
})

describe('snapshots', () => {
  it('keep versions by check and by timestamp, and end those of deleted rows where told to', async () => {
    const configs: Readonly<Record<string, string>> = {
      by_check: 'strategy: check, check_cols: all',
      by_some: 'strategy: check, check_cols: [name]',
      by_time: 'strategy: timestamp, updated_at: at',
      ended_by_check: 'strategy: check, check_cols: all, hard_deletes: invalidate',
      ended_by_time: 'strategy: timestamp, updated_at: at, hard_deletes: invalidate',
    }
    const names = Object.keys(configs)
    const snapshots = names.map(
      (name) => `  - {name: ${name}, relation: ref('people'), config: {unique_key: id, ${configs[name]}}}`,
    )
    const person = (id: number, name: string, month: number) =>
      `select ${id} as id, '${name}' as name, '2026-0${month}-01'::timestamp_ntz as at`
    await using trial = await trials.open({
      'models/people.sql': `${person(1, 'a', 1)} union all ${person(2, 'b', 1)}`,
      'snapshots/history.yml': `snapshots:\n${snapshots.join('\n')}`,
    })
    const done = Object.fromEntries([...names, 'people'].map((name) => [name, 'success']))
    expect(await outcomesOf(trial)).toEqual(done)
    await trial.write('models/people.sql', person(1, 'A longer one', 2))
    expect(await outcomesOf(trial)).toEqual(done)
    expect(await outcomesOf(trial)).toEqual(done)
    for (const name of names) {
      const versions = await trial.rows(
        `select id, name, dbt_valid_to is null from analytics.${name} order by 1, dbt_valid_from, 2`,
      )
      expect([name, versions]).toEqual([
        name,
        [
          [1, 'a', false],
          [1, 'A longer one', true],
          [2, 'b', !name.startsWith('ended')],
        ],
      ])
    }
  })

  it('writes a row of its own for what was deleted, and for what came back', async () => {
    await using trial = await trials.open({
      'seeds/people.csv': 'id,name\n1,a\n2,b\n',
      'snapshots/history.yml': `
snapshots:
  - name: history
    relation: ref('people')
    config: {unique_key: id, strategy: check, check_cols: all, hard_deletes: new_record,
      dbt_valid_to_current: "to_date('9999-12-31')",
      snapshot_meta_column_names: {dbt_valid_from: since, dbt_valid_to: until}}
`,
    })
    for (const rows of ['1,a\n2,b\n', '1,a\n', '1,a\n2,b\n']) {
      await trial.write('seeds/people.csv', `id,name\n${rows}`)
      expect(await outcomesOf(trial)).toEqual({ people: 'success', history: 'success' })
    }
    const found = await trial.rows(
      `select id::number(5,0), dbt_is_deleted, year(until) = 9999 from analytics.history order by 1, since`,
    )
    expect(found).toEqual([
      [1, 'False', true],
      [2, 'False', false],
      [2, 'True', false],
      [2, 'False', true],
    ])
  })
})

describe('seeds', () => {
  it('have the types that dbt finds, or those that the properties say', async () => {
    await using trial = await trials.open({
      'seeds/kinds.csv': [
        'whole,part,flag,day,moment,word,empty',
        "1,1.5,true,2026-01-02,2026-01-02 03:04:05,it's,",
        '9007199254740993,-0.25,false,2026-02-28,2026-02-28 23:59:59,"a\\b, ""c"" é",',
        ',,,,,,',
      ].join('\n'),
      'seeds/typed.csv': 'id,code,amount,doc\n1,007,1.10,"{""a"": 1}"\n',
      'seeds/schema.yml': `
seeds:
  - name: typed
    config: {quote_columns: true, column_types: {id: 'number(38,0)', code: varchar(5), amount: 'number(10,3)', doc: varchar}}
`,
    })
    const done = { kinds: 'success', typed: 'success' }
    for (const fullRefresh of [false, false, true]) {
      expect(await outcomesOf(trial, { fullRefresh })).toEqual(done)
      const described = await records(trial, 'describe table analytics.kinds')
      expect(described.map(({ name, type }) => `${String(name)} ${String(type)}`)).toEqual([
        'WHOLE NUMBER(38,0)',
        'PART FLOAT',
        'FLAG BOOLEAN',
        'DAY DATE',
        'MOMENT TIMESTAMP_NTZ(9)',
        'WORD VARCHAR(16777216)',
        'EMPTY NUMBER(38,0)',
      ])
      expect(await trial.rows('select * from analytics.kinds order by whole nulls last')).toEqual([
        [1n, 1.5, true, '2026-01-02', '2026-01-02 03:04:05.000000000', "it's", null],
        [9_007_199_254_740_993n, -0.25, false, '2026-02-28', '2026-02-28 23:59:59.000000000', 'a\\b, "c" é', null],
        [null, null, null, null, null, null, null],
      ])
    }
    expect(await trial.rows('select "id", "code", "amount", "doc" from analytics.typed')).toEqual([
      [1n, '007', '1.100', '{"a": 1}'],
    ])
  })
})
