import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCaptured } from './testing/captured-host.ts'
import { createTestProject } from './testing/test-project.ts'
import type { TestProject } from './testing/test-project.ts'

let database: TestDatabase
let project: TestProject
let env: Record<string, string>

beforeAll(async () => {
  const server = await testServer()
  database = await server.createDatabase()
  const client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  await client.query(`
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, credit numeric(38, 4), seen timestamptz);
    INSERT INTO customers VALUES (1, 'Ada', 12345678901234567890123456789012.3456, '2026-01-01 12:00:00.123456+00'), (2, '', NULL, NULL);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int);
    INSERT INTO orders VALUES (9223372036854775807, 1);
    ANALYZE;
  `)
  await client.end()
  project = await createTestProject({ server, database: database.name, streams: ['public.*'] })
  env = { PGPASSWORD: server.password }
})

afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await database.drop()
})

async function run(...words: string[]): Promise<{ outcome: string; stdout: string; stderr: string }> {
  return await runCaptured(words, { directory: project.directory, env })
}

/** One word per cell is enough to compare tables by. */
function cells(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/u))
}

describe('on a project', () => {
  test('check looks at both ends', async () => {
    const { outcome, stdout } = await run('check')
    expect(outcome).toBe('ok')
    expect(stdout).toMatch(/^ok {4}connection: /mu)
    expect(stdout).toMatch(/^ok {4}streams: 2 streams/mu)
  })

  test('discover lists streams, or columns with their types', async () => {
    const streams = cells((await run('discover')).stdout)
    expect(streams).toContainEqual(['public.customers', 'table', '2', '4', 'id', 'full_refresh, incremental'])
    const columns = cells((await run('discover', '*.customers', '--columns')).stdout)
    expect(columns).toContainEqual(['public.customers', 'credit', 'decimal(38,4)', 'numeric(38,4)'])
    expect(columns.flat()).not.toContain('public.orders')
  })

  test('preview shows exact values with their types', async () => {
    const { stdout } = await run('preview', 'public.customers', '--format', 'csv')
    expect(stdout).toBe(`id,name,credit,seen
1,Ada,12345678901234567890123456789012.3456,2026-01-01 12:00:00.123456+00
2,"",,
`)
    expect(cells((await run('preview', 'public.customers', '--rows', '1')).stdout)).toContainEqual([
      'int32 (integer)',
      'text',
      'decimal(38,4) (numeric(38,4))',
      'timestamptz (timestamp with time zone)',
    ])
  })

  test('plan shows streams and statements, run carries them out, and then there is nothing left to plan', async () => {
    const before = await run('plan')
    expect(cells(before.stdout)).toContainEqual([
      'public.orders',
      'public.orders',
      'full_refresh',
      'overwrite',
      '1',
      expect.stringMatching(/B$/u),
    ])
    expect(before.stdout).toContain('CREATE TABLE')
    const { outcome, stdout, stderr } = await run('run')
    expect(outcome).toBe('ok')
    expect(stdout).toMatch(/^Pipeline test succeeded after/u)
    expect(stderr).toContain('✓ public.customers  2 rows')
    expect((await run('plan')).stdout).toContain('No statements')
  })

  test('query writes every digit', async () => {
    const { stdout } = await run(
      'query',
      '--format',
      'json',
      'SELECT c.id, credit, o.id AS big FROM orders o JOIN customers c ON c.id = customer_id'.replaceAll(
        /(orders|customers) /gu,
        'public.$1 ',
      ),
    )
    expect(JSON.parse(stdout)).toEqual([
      { id: 1, credit: '12345678901234567890123456789012.3456', big: '9223372036854775807' },
    ])
  })

  test('runs shows what was done, and one run by the beginning of its id', async () => {
    const listed = await run('runs', '--log-format', 'json')
    const { runId, status, rows } = JSON.parse(listed.stdout) as { runId: string; status: string; rows: number }
    expect({ status, rows }).toEqual({ status: 'succeeded', rows: 3 })
    expect((await run('runs', runId.slice(0, 6))).stdout).toContain(`Run ${runId} of test: succeeded`)
    expect((await run('runs', 'zzz')).stderr).toContain('RUN_NOT_FOUND')
  })

  test('run --select moves only what is selected, and refuses what is not there', async () => {
    const { stderr } = await run('run', '--select', 'public.ord*')
    expect(stderr).toContain('✓ public.orders')
    expect(stderr).not.toContain('public.customers')
    const wrong = await run('run', '--select', 'public.nothing')
    expect(wrong).toMatchObject({
      outcome: 'configuration',
      stderr: expect.stringContaining('STREAM_SELECTION_INVALID'),
    })
  })
})

test('doctor finds this machine able, and says what it lacks', async () => {
  const { outcome, stdout } = await run('doctor')
  expect(outcome).toBe('ok')
  for (const subject of ['Node.js', 'DuckDB', 'embedded PostgreSQL', 'configuration']) {
    expect(stdout).toMatch(new RegExp(`^ok {4}${subject}: `, 'mu'))
  }
  expect(stdout).toContain('environment variables: PGPASSWORD set')
})
