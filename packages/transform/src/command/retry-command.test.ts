import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

it('runs all tests of a model that was not published again, also those that had passed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'retry '))
  const write = async (file: string, text: string) => {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  const run = async (command: string) => {
    const output: string[] = []
    await runCommand([command], {
      program: 'eclusa transform',
      directory: folder,
      environment: {},
      hasColors: false,
      write: (text) => output.push(text),
      signal: new AbortController().signal,
    })
    return output.map((line) => /(OK created|ERROR creating|PASS|FAIL|SKIP) .*? (?=\.\.)/u.exec(line)?.[0].trim())
  }
  const orders = (amount: number) =>
    `{{ config(materialized='table', publish='after_tests') }} select cast(${amount} as integer) as amount`
  await write('dbt_project.yml', 'name: trial\nprofile: trial\n')
  await write(
    'profiles.yml',
    'trial: {target: dev, outputs: {dev: {type: duckdb, path: t.duckdb, schema: dev, threads: 1}}}',
  )
  await write('models/orders.sql', orders(-1))
  await write('tests/positive.sql', `select * from {{ ref('orders') }} where amount < 0`)
  await write('tests/small.sql', `select * from {{ ref('orders') }} where amount > 5`)
  const model = 'sql table model dev.orders'
  expect(await run('build')).toEqual(
    expect.arrayContaining(['FAIL 1 positive', 'PASS small', `ERROR creating ${model}`]),
  )
  await write('models/orders.sql', orders(9))
  expect(await run('retry')).toEqual(
    expect.arrayContaining(['PASS positive', 'FAIL 1 small', `ERROR creating ${model}`]),
  )
  await write('models/orders.sql', orders(3))
  expect(await run('retry')).toEqual(expect.arrayContaining(['PASS positive', 'PASS small', `OK created ${model}`]))
  await rm(folder, { recursive: true })
})

async function openTrial(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'retry '))
  const write = async (file: string, text: string) => {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  const profile = 'trial: {target: dev, outputs: {dev: {type: duckdb, path: t.duckdb, schema: dev, threads: 1}}}'
  const whole = { 'dbt_project.yml': 'name: trial\nprofile: trial\n', 'profiles.yml': profile, ...files }
  for (const [file, text] of Object.entries(whole)) await write(file, text)
  return {
    write,
    run: async (...words: string[]) => {
      const output: string[] = []
      const code = await runCommand(words, {
        program: 'eclusa transform',
        directory: folder,
        environment: {},
        hasColors: false,
        write: (text) => output.push(text.replace(/^\d\d:\d\d:\d\d {2}/u, '')),
        signal: new AbortController().signal,
      })
      return { code, last: output.at(-1), output: output.join('\n') }
    },
    readResults: async () =>
      JSON.parse(await readFile(path.join(folder, 'target/run_results.json'), 'utf8')) as {
        args: Record<string, unknown>
        results: Record<string, unknown>[]
      },
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
  }
}

it('calls the macro of a run-operation again, with its arguments', async () => {
  const macro = (sql: string) =>
    `{% macro told(what) %}{% do run_query('${sql}') %}{{ print('told ' ~ what) }}{% endmacro %}`
  await using trial = await openTrial({ 'macros/m.sql': macro('select no_such') })
  expect(await trial.run('run-operation', 'told', '--args', '{what: all}')).toMatchObject({ code: 1 })
  expect(await trial.run('retry')).toMatchObject({ code: 1 })
  await trial.write('macros/m.sql', macro('select 1'))
  expect(await trial.run('retry')).toMatchObject({ code: 0, last: 'told all' })
  expect(await trial.run('retry')).toMatchObject({ code: 0, last: 'told all' })
})

it('goes by the last command that wrote run_results.json, as in dbt', async () => {
  const failing = 'select 1 as id from no_such_table'
  await using trial = await openTrial({
    'models/a.sql': 'select 1 as id',
    'models/b.sql': failing,
    'seeds/s.csv': 'id\n1\n',
  })
  const nothing = { code: 0, output: expect.stringContaining('Nothing to do.') as unknown }
  const refused = (reason: string) => ({ code: 2, output: expect.stringContaining(reason) as unknown })
  const compiled = { status: 'success', compiled: true, adapter_response: {}, failures: null, message: null }

  expect(await trial.run('run')).toMatchObject({ code: 1 })
  for (const line of ['ls', 'parse', 'docs generate --no-compile', 'source freshness'])
    await trial.run(...line.split(' '))
  expect(await trial.run('retry')).toMatchObject({
    code: 1,
    output: expect.stringContaining('1 of 1 ERROR') as unknown,
  })

  expect(await trial.run('compile')).toMatchObject({ code: 0 })
  const { args, results } = await trial.readResults()
  expect(args['which']).toBe('compile')
  expect(results).toEqual([
    expect.objectContaining({ ...compiled, unique_id: 'model.trial.a', relation_name: '"t"."dev"."a"' }),
    expect.objectContaining({ ...compiled, unique_id: 'model.trial.b', compiled_code: failing }),
    expect.objectContaining({ unique_id: 'seed.trial.s', compiled: null, compiled_code: null, relation_name: null }),
  ])
  expect(await trial.run('retry')).toMatchObject(nothing)
  expect(await trial.run('retry')).toMatchObject(refused('Could not find previous run'))

  await trial.run('docs', 'generate')
  expect((await trial.readResults()).args['which']).toBe('generate')
  expect(await trial.run('retry')).toMatchObject(refused('docs generate, which cannot be retried'))
  await trial.run('show', '--select', 'a')
  expect((await trial.readResults()).results).toMatchObject([{ unique_id: 'model.trial.a', status: 'success' }])
  expect(await trial.run('retry')).toMatchObject(refused('show, which cannot be retried'))

  expect(await trial.run('run', '--select', 'no_such')).toMatchObject(nothing)
  expect(await trial.readResults()).toMatchObject({ args: { which: 'run' }, results: [] })
  expect(await trial.run('retry')).toMatchObject(refused('run, found nothing to do'))
})
