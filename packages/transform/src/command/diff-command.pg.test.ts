import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import { expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

it('compares on PostgreSQL, within one database and across to DuckDB', async () => {
  const server = await testServer()
  const database = await server.createDatabase()
  const { hostname: host, port, username: user, password, pathname } = new URL(database.connectionString)
  const folder = await mkdtemp(path.join(tmpdir(), 'diff '))
  const output = {
    type: 'postgres',
    host,
    port: Number(port),
    user,
    password,
    dbname: pathname.slice(1),
    sslmode: 'disable',
  }
  const outputs = {
    dev: { ...output, schema: 'dev' },
    prod: { ...output, schema: 'prod', search_path: 'prod' },
    duck: { type: 'duckdb', path: 'd.duckdb', schema: 'main' },
  }
  const sql = (day: string) => `{{ config(materialized='table') }}
    select cast(1 as integer) as id, cast('${day}' as timestamp) as at, cast(1.5 as decimal(10, 2)) as price -- ends so`
  const files = {
    'dbt_project.yml': 'name: trial\nprofile: trial\n',
    'profiles.yml': JSON.stringify({ trial: { target: 'dev', outputs } }),
    'models/orders.sql': sql('2026-01-01'),
    'models/orders.yml': 'models: [{name: orders, columns: [{name: id, data_tests: [unique, not_null]}]}]',
  }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  const run = async (line: string) => {
    const said: string[] = []
    const code = await runCommand(line.split(' '), {
      program: 'eclusa transform',
      directory: folder,
      environment: {},
      hasColors: false,
      write: (text) => said.push(text),
      signal: new AbortController().signal,
    })
    return { code, said: said.slice(1) }
  }
  for (const target of ['dev', 'prod', 'duck']) await run(`run --target ${target}`)
  await writeFile(path.join(folder, 'models/orders.sql'), sql('2026-01-02'))
  const changed = ['orders: different', '  rows      1 before, 1 after, by id', '  changed   1 of 1', '    at: 1']
  expect(await run('diff --quiet')).toEqual({ code: 1, said: changed })
  expect(await run('diff --quiet --against prod')).toMatchObject({
    code: 0,
    said: ['orders: equal', expect.anything()],
  })
  expect(await run('diff --quiet --against duck')).toMatchObject({ code: 0 })
  await run('run')
  expect(await run('diff --quiet --against duck')).toEqual({ code: 1, said: changed })
  await rm(folder, { recursive: true })
  await database.drop()
})
