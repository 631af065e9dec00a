import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase, TestServer } from '@eclusa/postgres-local/testing'
import { openDuckDb } from '@eclusa/warehouse'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHistory } from './composition.ts'
import type { CliResult } from './testing/run-cli.ts'
import { createTestProject } from './testing/test-project.ts'
import type { TestProject, TestProjectOptions } from './testing/test-project.ts'

let server: TestServer
let database: TestDatabase
const reader = 'eclusa_cli_reader'

beforeAll(async () => {
  server = await testServer()
  database = await server.createDatabase()
  const client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  await client.query(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders AS SELECT id, (id * 1.5)::numeric(12, 2) AS amount FROM generate_series(1, 1000) AS id;
    CREATE TABLE shop.secrets AS SELECT 1 AS id;
    CREATE ROLE ${reader} LOGIN PASSWORD 'reader-password';
    GRANT USAGE ON SCHEMA shop TO ${reader};
    GRANT SELECT ON shop.orders TO ${reader};
  `)
  await client.end()
})

afterAll(async () => {
  const client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  await client.query(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`)
  await client.end()
  await database.drop()
})

async function project(options: Partial<TestProjectOptions> = {}): Promise<TestProject> {
  return await createTestProject({ server, database: database.name, ...options })
}

/** However a command fails, it says what and what to do, shows no stack, and keeps secrets. */
function expectFailure(result: CliResult, expected: { code: number; error: string }): void {
  expect(result.stderr).toContain(`  Code:   ${expected.error}`)
  expect(result.stderr).toMatch(/ {2}Remedy: \S/u)
  expect(result.stderr).not.toMatch(/^\s+at .*:\d+:\d+/mu)
  expect(result.stdout + result.stderr).not.toContain(server.password)
  expect(result.code).toBe(expected.code)
}

describe('a source', () => {
  test.concurrent.each([
    ['with a wrong password', {}, { PGPASSWORD: 'not-the-password' }, 'POSTGRES_AUTHENTICATION_FAILED', 2],
    ['where nobody listens', { port: 1 }, {}, 'POSTGRES_CONNECTION_REFUSED', 1],
    ['that refuses TLS', { ssl_mode: 'require' }, {}, 'POSTGRES_TLS_REFUSED', 2],
    ['without the database', { database: 'no_such_database' }, {}, 'POSTGRES_DATABASE_MISSING', 2],
  ] as const)('%s is told by its code', async (_name, source, env, error, code) => {
    await using failing = await project({ source })
    const result = await failing.cli(['run'], { env })
    expectFailure(result, { code, error })
    expect(result.stdout + result.stderr).not.toContain('not-the-password')
  })

  test('is checked with a remedy, and a check that fails ends with 3', async () => {
    await using failing = await project({ source: { database: 'no_such_database' } })
    const { code, stdout } = await failing.cli(['check'])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^fail {2}.*no_such_database/mu)
  })

  test('without the stream, or with two for one table, is told before anything moves', async () => {
    await using failing = await project({
      streams: [
        'shop.oders',
        { name: 'shop.orders', target: 'staging.all' },
        { name: 'shop.secrets', target: 'staging.ALL' },
      ],
    })
    const result = await failing.cli(['run'])
    expectFailure(result, { code: 2, error: 'STREAM_SELECTION_INVALID' })
    expect(result.stderr).toContain('stream "shop.oders" does not exist')
    expect(result.stderr).toContain('"shop.orders" and "shop.secrets" would both be written to')
  })

  test('whose role may not read a table gets the statement that mends it', async () => {
    await using failing = await project({ source: { username: reader }, streams: ['shop.orders', 'shop.secrets'] })
    const { code, stdout, stderr } = await failing.cli(['check'], { env: { PGPASSWORD: 'reader-password' } })
    expect(code).toBe(3)
    expect(stdout + stderr).toContain(`GRANT SELECT ON "shop"."secrets" TO "${reader}";`)
    expect(stdout).toMatch(/^fail {2}stream shop\.secrets/mu)
    expect(stdout).not.toContain('shop.many')
  })
})

describe('a warehouse', () => {
  test('that is no DuckDB file is left as it is', async () => {
    await using failing = await project()
    const noDatabase = 'these are not the bytes of a database\n'.repeat(1000)
    await writeFile(join(failing.directory, 'warehouse.duckdb'), noDatabase)
    expectFailure(await failing.cli(['run']), { code: 2, error: 'DUCKDB_NOT_A_DATABASE' })
    expect(await readFile(join(failing.directory, 'warehouse.duckdb'), 'utf8')).toBe(noDatabase)
  })

  test('that another process has open is told with that process', async () => {
    await using failing = await project()
    await using warehouse = await openDuckDb({ path: join(failing.directory, 'warehouse.duckdb') })
    await using _connection = await warehouse.connect()
    const result = await failing.cli(['query', 'SELECT 1'])
    expectFailure(result, { code: 1, error: 'DESTINATION_BUSY' })
    expect(result.stderr).toContain(String(process.pid))
  })
})

describe('a dbt project', () => {
  const dbtProject = 'name: shop\nversion: 1.0.0\nconfig-version: 2\nprofile: shop\n'
  const steps = [{ transform: { project: './dbt' } }]
  const streams = ['shop.orders']

  test('with a cycle fails after the rows have landed; mended, the next run goes through', async () => {
    await using failing = await project({
      streams,
      steps,
      files: {
        'dbt/dbt_project.yml': dbtProject,
        'dbt/models/one.sql': "select * from {{ ref('two') }}",
        'dbt/models/two.sql': "select * from {{ ref('one') }}",
      },
    })
    const result = await failing.cli(['run'])
    expectFailure(result, { code: 2, error: 'MODEL_CYCLE' })
    expect(await failing.query('SELECT count(*)::INTEGER FROM shop.orders')).toEqual([[1000]])
    await writeFile(join(failing.directory, 'dbt/models/two.sql'), 'select sum(amount) as total from shop.orders')
    expect(await failing.cli(['run', '--quiet'])).toMatchObject({ code: 0 })
    const total = await failing.cli(['query', '--format', 'csv', 'select total from analytics.one'])
    expect(total).toMatchObject({ code: 0, stdout: 'total\n750750.00\n' })
  })

  test('with a template that is wrong names the file and the place', async () => {
    await using failing = await project({
      streams,
      steps,
      files: { 'dbt/dbt_project.yml': dbtProject, 'dbt/models/broken.sql': 'select 1\n{% if %}\n' },
    })
    const result = await failing.cli(['run'])
    expectFailure(result, { code: 2, error: 'PROJECT_INVALID' })
    expect(result.stderr).toMatch(/broken\.sql.*2/u)
  })

  test('whose test fails ends with 3, and says which', async () => {
    await using failing = await project({
      streams,
      steps,
      files: {
        'dbt/dbt_project.yml': dbtProject,
        'dbt/models/doubled.sql': 'select 1 as id union all select 1',
        'dbt/models/schema.yml':
          'version: 2\nmodels:\n  - name: doubled\n    columns:\n      - name: id\n        data_tests: [unique]\n',
      },
    })
    const result = await failing.cli(['run', '--quiet'])
    expect(result).toMatchObject({ code: 3, stdout: '' })
    expect(result.stderr).toContain('unique_doubled_id')
  })
})

describe('Ctrl-C', () => {
  test('commits what has come so far, ends with 130, and the next run completes the table', async () => {
    const client = new pg.Client({ connectionString: database.connectionString })
    await client.connect()
    await client.query(
      'CREATE TABLE shop.many AS SELECT id, md5(id::text) AS text FROM generate_series(1, 400000) AS id',
    )
    await client.end()
    await using stopped = await project({
      streams: ['shop.many'],
      source: { chunk_bytes: 1_000_000, readers: 1 },
      limits: { commit_bytes: '2MB' },
    })
    const first = await stopped.cli(['run', '--log-format', 'json'], {
      onStart: (child) => {
        let seen = ''
        const interruptOnce = (part: Buffer) => {
          seen += part.toString()
          if (!seen.includes('"committed"')) return
          child.stdout!.off('data', interruptOnce)
          child.kill('SIGINT')
        }
        child.stdout!.on('data', interruptOnce)
      },
    })
    expect(first.code).toBe(130)
    expect(first.stdout).toContain('"status":"cancelled"')
    const second = await stopped.cli(['run'])
    expect(second.code).toBe(0)
    expect(await stopped.query('SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM shop.many')).toEqual([
      [400_000, 400_000],
    ])
    const history = await openHistory(stopped).list()
    expect(history.map(({ status }) => status)).toEqual(['succeeded', 'cancelled'])
  })
})
