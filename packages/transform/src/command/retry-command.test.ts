import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

it('calls the macro of a run-operation that failed again, with its arguments, and once it has succeeded nothing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'retry '))
  const run = async (...words: string[]) => {
    const output: string[] = []
    const code = await runCommand(words, {
      program: 'eclusa transform',
      directory: folder,
      environment: {},
      hasColors: false,
      write: (text) => output.push(text.replace(/^\d\d:\d\d:\d\d {2}/u, '')),
      signal: new AbortController().signal,
    })
    return { code, last: output.at(-1) }
  }
  await mkdir(path.join(folder, 'macros'))
  await writeFile(path.join(folder, 'dbt_project.yml'), 'name: trial\nprofile: trial\n')
  const profile = 'trial: {target: dev, outputs: {dev: {type: duckdb, path: ":memory:", schema: dev, threads: 1}}}'
  await writeFile(path.join(folder, 'profiles.yml'), profile)
  const macro = (sql: string) =>
    `{% macro told(what) %}{% do run_query('${sql}') %}{{ print('told ' ~ what) }}{% endmacro %}`
  await writeFile(path.join(folder, 'macros/m.sql'), macro('select no_such'))
  expect((await run('run-operation', 'told', '--args', '{what: all}')).code).toBe(1)
  expect((await run('retry')).code).toBe(1)
  await writeFile(path.join(folder, 'macros/m.sql'), macro('select 1'))
  expect(await run('retry')).toEqual({ code: 0, last: 'told all' })
  expect(await run('retry')).toEqual({ code: 0, last: expect.stringContaining('Nothing to do.') as unknown })
  await rm(folder, { recursive: true })
})
