import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

const files = {
  'dbt_project.yml': 'name: trial\nprofile: trial\n',
  'profiles.yml': `trial:
  target: dev
  outputs:
    dev: {type: duckdb, path: here.duckdb, schema: dev, threads: 2}
    prod: {type: duckdb, path: here.duckdb, schema: prod, threads: 1}
    far: {type: duckdb, path: there.duckdb, schema: prod}
`,
  'models/orders.sql': `{{ config(materialized='table', unique_key='id') }} select 1 as id, 5 as amount union all select 2, 6`,
  'models/totals.sql': `select count(*) as orders from {{ ref('orders') }}`,
  'models/facts.sql': `{{ config(materialized='incremental', unique_key='id', full_refresh=false) }}
    select id from {{ ref('orders') }} {% if is_incremental() %}where false{% endif %}`,
  'seeds/codes.csv': 'code\nsecret-7\n',
}

describe('diff', () => {
  let folder: string
  const write = async (file: string, text: string) => {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  const run = async (line: string) => {
    const output: string[] = []
    const code = await runCommand(line.split(' '), {
      program: 'eclusa transform',
      directory: folder,
      environment: {},
      hasColors: false,
      write: (text) => output.push(...text.split('\n')),
      signal: new AbortController().signal,
    })
    return { code, said: output.map((text) => text.replace(/^\d\d:\d\d:\d\d {2}/u, '')) }
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'diff '))
    for (const [file, text] of Object.entries(files)) await write(file, text)
    for (const target of ['dev', 'far', 'prod --target-path state']) await run(`build --target ${target}`)
    // What is built in dev is another thing from now on.
    await write(
      'models/orders.sql',
      files['models/orders.sql'].replace('select 2, 6', 'select 2, 7 union all select 3, 8'),
    )
    await run('run --select orders+')
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  it.each(['--against prod', '--against far', '--against-schema prod', '--state state'])(
    'compares what is built with %s',
    async (options) => {
      const { code, said } = await run(`diff --select orders totals codes facts ${options} --quiet`)
      const whole = '  compared  as whole rows, since it has no key that tells which rows are one'
      expect(said.slice(1).join('\n')).toEqual(
        [
          'facts: equal',
          '  rows      2 before, 2 after, by id',
          'orders: different',
          '  rows      2 before, 3 after, by id',
          '  added     1',
          '  changed   1 of 2',
          '    amount: 1',
          'totals: different',
          '  rows      1 before, 1 after',
          whole,
          '  added     1',
          '  removed   1',
          'codes: equal',
          '  rows      1 before, 1 after',
          whole,
        ].join('\n'),
      )
      expect(code).toBe(1)
    },
  )

  it('compares what is built with what the SQL gives now, all rows of incremental models too', async () => {
    expect(await run('diff --select orders totals')).toMatchObject({ code: 0 })
    const { code, said } = await run('diff --select facts --limit 5 --quiet')
    expect(said.slice(1)).toEqual([
      'facts: different',
      '  rows      2 before, 3 after, by id',
      '  added     1',
      '    + id=3',
    ])
    expect(code).toBe(1)
    const refused = await run('diff --select codes')
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.said.join('\n')).toMatch(
      /codes is a seed, whose rows are not made by SQL alone: compare it with --against/u,
    )
  })

  it('shows values only when asked, as JSON too, and writes them into no log', async () => {
    await write('seeds/codes.csv', 'code\nsecret-8\n')
    await run('seed')
    const shown = await run('diff --select codes --against prod --limit 2')
    expect(shown.said).toContain('    - code=secret-7')
    const { said } = await run('diff --select codes orders --against prod --limit 9 --output json --quiet')
    expect(JSON.parse(said.join('\n'))).toMatchObject({
      before: 'target prod',
      models: [
        { unique_id: 'seed.trial.codes', status: 'different', rows: [{ kind: 'removed' }, { kind: 'added' }] },
        {
          unique_id: 'model.trial.orders',
          key: ['id'],
          changed_columns: { amount: 1 },
          rows: expect.arrayContaining([
            { kind: 'changed', values: { id: 2 }, changes: { amount: { before: 6, after: 7 } } },
          ]) as unknown[],
        },
      ].toSorted((a, b) => (a.unique_id > b.unique_id ? 1 : -1)),
    })
    expect(await readFile(path.join(folder, 'logs/dbt.log'), 'utf8')).not.toContain('secret-')
  })

  it('takes another key, refuses one that is not there, and tells what is on one side only', async () => {
    const keyed = await run('diff --select orders --against prod --key amount,id --quiet')
    expect(keyed.said).toContain('  rows      2 before, 3 after, by amount, id')
    const wrong = await run('diff --select orders --against prod --key nothing')
    expect(wrong.code).toBe(2)
    expect(wrong.said.join('\n')).toContain('--key names nothing')
    await write('models/fresh.sql', 'select 1 as id')
    await run('run --select fresh')
    const { code, said } = await run('diff --select fresh --against prod --quiet')
    expect([code, said.at(-1)]).toEqual([1, 'fresh: only after'])
    expect((await run('diff --against nowhere')).code).toBe(2)
  })
})
