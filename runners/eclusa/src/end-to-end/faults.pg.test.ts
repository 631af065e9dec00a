/*
 * Runs that are cut off, stopped, aborted or thrown out by the server at seeded moments, while the source changes. In
 * the end every merged table has exactly the source's rows, and every appended one each version of a row once.
 */
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pipeline, RunResult } from '@eclusa/pipeline'
import { testServer } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EndToEnd, duckDbTexts, postgresTexts, run } from '../testing/end-to-end.ts'
import { openFaultyProxy } from '../testing/faulty-proxy.ts'
import type { FaultyProxy } from '../testing/faulty-proxy.ts'

const seed = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)
const applicationName = `faults ${seed}`
const rounds = 6
const secret = 'a value of a row'

let database: EndToEnd
let proxy: FaultyProxy

beforeAll(async () => {
  database = await EndToEnd.open(await testServer())
  proxy = await openFaultyProxy(database.server)
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

/** Mulberry32: the same moments in every run. */
function randomFrom(start: number): (below: number) => number {
  let state = start
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** `versions` gives each version of a row a number of its own. */
const tablesSql = `
  CREATE SEQUENCE versions;
  CREATE TABLE whole (id int, v text, version bigint DEFAULT nextval('versions'));
  CREATE TABLE merged (id int PRIMARY KEY, v text, version bigint DEFAULT nextval('versions'));
  CREATE TABLE appended (LIKE merged INCLUDING ALL);
  CREATE TABLE parted (LIKE merged INCLUDING ALL) PARTITION BY HASH (id);
  CREATE TABLE even PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE odd PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)`
const tables = ['whole', 'merged', 'appended', 'parted']

function throughProxy(path: string): Pipeline {
  const url = new URL(database.connectionString)
  url.host = `127.0.0.1:${proxy.port}`
  return database.pipeline(path, {
    source: { connection_string: url.href, chunk_bytes: 8192, readers: 2, application_name: applicationName },
    commit: { commitBytesMax: 20_000 },
    failuresMax: 2,
    streams: [
      'public.whole',
      { name: 'public.merged', syncMode: 'incremental' },
      { name: 'public.appended', syncMode: 'incremental', destinationSyncMode: 'append' },
      { name: 'public.parted', cursor: 'version' },
    ],
  })
}

/** Runs once, with one fault at a moment of chance. */
async function runWithFault(pipeline: Pipeline, round: number, random: (below: number) => number): Promise<RunResult> {
  const abort = new AbortController()
  const pause = random(120)
  const bytes = random(200_000)
  const current = pipeline.run({ signal: abort.signal })
  const faults: (() => Promise<unknown>)[] = [
    async () => proxy.resetAfter(bytes),
    async () => abort.abort(),
    async () => current.stop(),
    async () =>
      await database.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        applicationName,
      ]),
  ]
  await delay(round % faults.length === 0 ? 0 : pause)
  await faults[round % faults.length]?.()
  const result = await current.result
  proxy.resetAfter(undefined)
  return result
}

test(`every row arrives once, whatever ends the runs (seed ${seed})`, { timeout: 120_000 }, async () => {
  const random = randomFrom(seed)
  await database.sql(tablesSql)
  const file = database.file()
  const pipeline = throughProxy(file)
  const outcomes: RunResult['status'][] = []
  for (let round = 0; round < rounds; round++) {
    for (const table of tables) {
      const first = round * 100
      await database.sql(
        `INSERT INTO ${table} (id, v) SELECT id, repeat('${secret}', $1) FROM generate_series(${first}, ${first + 99}) AS id`,
        [1 + random(30)],
      )
      await database.sql(`UPDATE ${table} SET version = nextval('versions') WHERE id % $1 = 0`, [3 + random(20)])
    }
    if (round % 3 === 2) await database.sql('DELETE FROM whole WHERE id % 5 = 1')
    const { status, error } = await runWithFault(pipeline, round, random)
    outcomes.push(status)
    if (error === undefined) continue
    expect(EclusaError.isInstance(error)).toBe(true)
    expect(['CANCELLED', 'POSTGRES_CONNECTION_LOST', 'POSTGRES_CONNECTION_REFUSED']).toContain(error.code)
    expect(JSON.stringify([error.message, error.remedy, error.details])).not.toMatch(secret)
    expect(JSON.stringify([error.message, error.remedy, error.details])).not.toContain(database.server.password)
  }
  expect(outcomes).toContain('cancelled')
  expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
  // What an unfinished sync had completed is as old as it was then: the sync after it is of one instant.
  expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
  const name = basename(file, '.duckdb')
  for (const table of ['whole', 'merged', 'parted']) {
    const columns = 'id, version, length(v)'
    const found = await duckDbTexts(file, `SELECT ${columns} FROM ${JSON.stringify(name)}.public.${table}`)
    expect(found).toEqual(await postgresTexts(database, `SELECT ${columns} FROM ${table}`))
  }
  const versions = await duckDbTexts(file, 'SELECT id, version FROM public.appended')
  expect(new Set(versions).size).toBe(versions.length)
  expect(versions).toEqual(expect.arrayContaining(await postgresTexts(database, 'SELECT id, version FROM appended')))
})

describe('a stream that fails leaves the others alone', () => {
  test.each([
    ['was dropped', 'DROP TABLE lost', 'POSTGRES_TABLE_MISSING'],
    ['may not be read any longer', 'REVOKE SELECT ON lost FROM faults_reader', 'POSTGRES_PRIVILEGE_MISSING'],
    ['hides rows', 'ALTER TABLE lost ENABLE ROW LEVEL SECURITY', 'POSTGRES_ROWS_HIDDEN'],
  ])('when its table %s after the run began', async (_, change, code) => {
    await database.sql(`DROP TABLE IF EXISTS lost, kept; DROP ROLE IF EXISTS faults_reader;
      CREATE TABLE lost AS SELECT 1 AS id; CREATE TABLE kept AS SELECT 2 AS id;
      CREATE ROLE faults_reader LOGIN PASSWORD 'reader'; GRANT SELECT ON lost, kept TO faults_reader`)
    const url = new URL(database.connectionString)
    url.username = 'faults_reader'
    url.password = 'reader'
    const file = database.file()
    const pipeline = database.pipeline(file, {
      source: { connection_string: url.href },
      streams: ['public.lost', 'public.kept'],
    })
    const begun = pipeline.run()
    for await (const event of begun) if (event.type === 'run_started') await database.sql(change)
    expect(await begun.result).toMatchObject({
      status: 'partial',
      streamFailures: [{ stream: 'public.lost', error: { code } }],
    })
    expect(await duckDbTexts(file, 'SELECT id FROM public.kept')).toEqual(['2'])
    await database.sql('DROP TABLE IF EXISTS lost, kept; DROP ROLE faults_reader')
  })

  test('when a value cannot be held and the policy is to fail', async () => {
    await database.sql(
      `CREATE TABLE odd_value AS SELECT '294276-01-01'::timestamp AS at; CREATE TABLE kept AS SELECT 2 AS id`,
    )
    const file = database.file()
    const streams = [{ name: 'public.odd_value', onUnrepresentable: 'fail' } as const, 'public.kept']
    const result = await run(database.pipeline(file, { streams }))
    expect(result).toMatchObject({
      status: 'partial',
      streamFailures: [{ stream: 'public.odd_value', error: { code: 'UNREPRESENTABLE_VALUE' } }],
    })
    expect(result.error?.message).not.toContain('294276-01')
    expect(await duckDbTexts(file, 'SELECT id FROM public.kept')).toEqual(['2'])
  })
})
