import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEngine } from './engine.ts'
import type { Engine, SqlSession } from './engine.ts'
import type { Bind, ResultRow } from './statement.ts'

let engine: Engine
let session: SqlSession

beforeAll(async () => {
  engine = await openEngine()
  session = await engine.openSession({ user: 'ADA' })
  await run('CREATE DATABASE shop')
})

afterAll(async () => {
  await session.close()
  await engine.close()
})

async function run(sqlText: string, ...texts: readonly string[]): Promise<readonly ResultRow[]> {
  const binds: readonly Bind[] = texts.map((value) => ({ type: 'TEXT', value }))
  const request = { queryId: sqlText, sqlText, binds, signal: new AbortController().signal }
  const rows: ResultRow[] = []
  for await (const block of (await session.execute(request)).rows) rows.push(...block)
  return rows
}

test('binds and variables name things', async () => {
  await run('CREATE TABLE IDENTIFIER(?) (a INT)', 'public."t 1"')
  await run('INSERT INTO IDENTIFIER(?) VALUES (?)', 'public."t 1"', '5')
  await run(`SET name = 'shop.public."t 1"'`)
  expect(await run('SELECT a FROM IDENTIFIER($name)')).toEqual([['5']])
  await run('ALTER TABLE IDENTIFIER(?) RENAME TO IDENTIFIER(?)', '"t 1"', 't2')
  expect(await run('SELECT a, ? FROM IDENTIFIER(?) WHERE a = ?', 'x', 't2', '5')).toEqual([['5', 'x']])
})

test('a name that no value is bound to is an error where it stands', async () => {
  await expect(run('DROP TABLE IDENTIFIER(?)')).rejects.toMatchObject({ code: '001003' })
})

test('options are bound', async () => {
  await run('CREATE TABLE commented (a INT) COMMENT = ?', 'what it holds')
  const [row] = await run("SELECT comment FROM information_schema.tables WHERE table_name = 'COMMENTED'")
  expect(row).toEqual(['what it holds'])
})

test('statements cancel others by their id or their session', async () => {
  const asked: unknown[] = []
  const cancel = (of: unknown): number => asked.push(of)
  const signal = new AbortController().signal
  for (const call of ["SYSTEM$CANCEL_QUERY('q')", 'SYSTEM$CANCEL_ALL_QUERIES(17)']) {
    for await (const _ of (await session.execute({ queryId: call, sqlText: `SELECT ${call}`, signal, cancel })).rows);
  }
  expect(asked).toEqual([{ queryId: 'q' }, { sessionId: '17' }])
  expect(await run("CALL SYSTEM$CANCEL_QUERY('q')")).toEqual([['Identified SQL statement is not currently executing.']])
})

test('Snowpark makes its objects temporary by two words', async () => {
  expect(await run('CREATE SCOPED TEMPORARY STAGE scratch')).toEqual([['Stage area SCRATCH successfully created.']])
})

test('a moment with a zone may be bound without its offset', async () => {
  const request = { queryId: 'tz', sqlText: 'SELECT ?, ?', signal: new AbortController().signal }
  const binds = ['1706925906123456000', '1706925906123456000 1560'].map((value) => ({ type: 'TIMESTAMP_TZ', value }))
  const rows: ResultRow[] = []
  for await (const block of (await session.execute({ ...request, binds })).rows) rows.push(...block)
  expect(rows).toEqual([['1706925906.123456000 1440', '1706925906.123456000 1560']])
})
