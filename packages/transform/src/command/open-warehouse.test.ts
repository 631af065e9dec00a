import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Profile } from '../project/profile.ts'
import { openAtFirstStatement, openProfileWarehouse } from './open-warehouse.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'profile-'))
  await writeFile(path.join(directory, 'numbers.csv'), 'id\n1\n2\n')
})
afterAll(async () => await rm(directory, { recursive: true }))

const open = async (credentials: Profile['credentials']) =>
  await openProfileWarehouse({ name: 'p', targetName: 'dev', type: 'duckdb', credentials } as unknown as Profile, {
    directory,
    signal: new AbortController().signal,
  })

it('opens DuckDB with secrets, attached databases and settings, and finds files in the project’s folder', async () => {
  await using warehouse = await open({
    path: ':memory:',
    settings: { threads: 3 },
    config_options: { preserve_insertion_order: false },
    secrets: [{ type: 'http', bearer_token: 'abcd', scope: 'https://example.org' }],
    attach: [
      { path: 'other.duckdb', alias: 'other' },
      { path: 'packed.duckdb', alias: 'packed', options: { block_size: 16384 } },
    ],
  })
  await using connection = await warehouse.connect()
  const rows = async (sql: string) => (await connection.query(sql)).rows
  expect(await rows(`select current_setting('threads')`)).toEqual([[3n]])
  expect(await rows('select name, type, scope from duckdb_secrets()')).toEqual([
    ['_dbt_secret_1', 'http', "['https://example.org']"],
  ])
  expect(await rows(`select database_name from duckdb_databases() where not internal order by 1`)).toEqual([
    ['memory'],
    ['other'],
    ['packed'],
  ])
  expect(await rows(`select sum(id)::integer from 'numbers.csv'`)).toEqual([[3]])
})

it('opens at the first statement, anew after a failure, and is closed whatever became of it', async () => {
  const credentials = { path: 'missing/late.duckdb' }
  const profile = { name: 'p', targetName: 'dev', type: 'duckdb', credentials, target: { database: 'late' } }
  await using warehouse = openAtFirstStatement(profile as unknown as Profile, {
    directory,
    signal: new AbortController().signal,
  })
  await using connection = await warehouse.connect()
  await using idle = await warehouse.connect()
  const rows = async () => (await connection.query('select 1::integer')).rows
  await expect(rows()).rejects.toMatchObject({ code: 'DUCKDB_DIRECTORY_MISSING' })
  await expect(idle.query('select 1')).rejects.toMatchObject({ code: 'DUCKDB_DIRECTORY_MISSING' })
  await mkdir(path.join(directory, 'missing'))
  expect(await rows()).toEqual([[1]])
})

it('refuses plugins and other Python of dbt-duckdb, all of it at once', async () => {
  await expect(open({ path: 'md:mine', plugins: [{ module: 'gsheet' }], filesystems: [{ fs: 's3' }] })).rejects.toThrow(
    /plugins: plugins of dbt-duckdb are Python[\s\S]*filesystems[\s\S]*path: MotherDuck/u,
  )
})

it('says which secret DuckDB refused, and not what is in it', async () => {
  const refused = await open({ secrets: [{ type: 'http', no_such_key: 'my-own-secret' }] }).catch(String)
  expect(refused).toMatch(/refused secret 1 of the profile \(type http\)/u)
  expect(refused).not.toContain('my-own-secret')
})

it('refuses an sslmode that PostgreSQL does not know, before it connects', async () => {
  const credentials = { host: '127.0.0.1', port: 1, user: 'u', database: 'd', sslmode: 'verify_full' }
  const profile = { name: 'p', targetName: 'dev', type: 'postgres', credentials } as unknown as Profile
  const signal = new AbortController().signal
  await expect(openProfileWarehouse(profile, { directory, signal })).rejects.toMatchObject({
    code: 'PROJECT_INVALID',
    message: expect.stringContaining('"verify_full"'),
  })
})
