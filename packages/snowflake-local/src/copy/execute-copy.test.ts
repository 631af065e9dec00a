import { afterAll, beforeAll, expect, test } from 'vitest'
import { runStatement } from '../conformance/run-cases.ts'
import type { Rows } from '../conformance/run-cases.ts'
import { openEngine } from '../engine/engine.ts'
import type { Engine, SqlSession } from '../engine/engine.ts'

let engine: Engine
let session: SqlSession
let count = 0

async function run(sql: string): Promise<Rows> {
  count += 1
  return await runStatement(session, `copy-${count}`, sql)
}

beforeAll(async () => {
  engine = await openEngine()
  session = await engine.openSession({ user: 'COPY' })
  await run('CREATE DATABASE DB')
  await run('USE SCHEMA DB.PUBLIC')
  await run('CREATE STAGE S')
})

afterAll(async () => {
  await session.close()
  await engine.close()
})

const large = '12345678901234567890123456789012345678'

test('a transformation takes columns of Parquet exactly, under an alias too, and nested values by their paths', async () => {
  await run(`CREATE TABLE wide AS SELECT ${large} AS N, '{"a":[1,2]}' AS J, TO_BINARY('00FF') AS B`)
  await run('COPY INTO @S/wide/ FROM wide FILE_FORMAT = (TYPE = PARQUET) HEADER = TRUE')
  await run('CREATE TABLE copied (N NUMBER(38,0), J VARIANT, B BINARY, MISSING VARCHAR)')
  await run(
    'COPY INTO copied FROM (SELECT f.$1:N::NUMBER(38,0), PARSE_JSON($1:J), $1:B, $1:nothing::VARCHAR FROM @S/wide/ f) FILE_FORMAT = (TYPE = PARQUET BINARY_AS_TEXT = FALSE)',
  )
  expect(await run('SELECT N, J, B, MISSING FROM copied')).toEqual([[large, '{"a":[1,2]}', '00FF', null]])
})

test('a load that is rolled back leaves neither rows nor memory of its files', async () => {
  await run('CREATE TABLE source AS SELECT 1 AS ID')
  await run('COPY INTO @S/once/ FROM source FILE_FORMAT = (TYPE = CSV)')
  await run('CREATE TABLE target (ID NUMBER)')
  const load = 'COPY INTO target FROM @S/once/ FILE_FORMAT = (TYPE = CSV)'
  await run('BEGIN')
  expect((await run(load))[0]?.[1]).toBe('LOADED')
  await run('ROLLBACK')
  expect((await run(load))[0]?.[1]).toBe('LOADED')
  expect(await run(load)).toEqual([['Copy executed with 0 files processed.']])
  expect(await run('SELECT ID FROM target')).toEqual([['1']])
  await run('TRUNCATE TABLE target')
  expect((await run(load))[0]?.[1]).toBe('LOADED')
})

test('a query reads the files of a stage', async () => {
  await run("CREATE FILE FORMAT semicolons TYPE = CSV FIELD_DELIMITER = ';'")
  await run("COPY INTO @S/text/ FROM (SELECT 1, 'a') FILE_FORMAT = (FORMAT_NAME = semicolons)")
  expect(await run("SELECT t.$2, METADATA$FILE_ROW_NUMBER FROM @S/text/ (FILE_FORMAT => 'semicolons') t")).toEqual([
    ['a', '1'],
  ])
})
