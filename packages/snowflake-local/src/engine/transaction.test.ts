import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runStatement } from '../conformance/run-cases.ts'
import type { Rows } from '../conformance/run-cases.ts'
import { openEngine } from './engine.ts'
import type { Engine, SqlSession } from './engine.ts'

let engine: Engine
let session: SqlSession
let other: SqlSession
let count = 0

async function run(sql: string, within: SqlSession = session): Promise<Rows> {
  count += 1
  return await runStatement(within, `q${count}`, sql)
}

async function open(): Promise<SqlSession> {
  return await engine.openSession({ user: 'ADA', database: 'DB', schema: 'PUBLIC' })
}

beforeAll(async () => {
  engine = await openEngine()
  session = await open()
  await run('CREATE DATABASE db')
  await session.close()
})

beforeEach(async () => {
  session = await open()
  other = await open()
  await run('CREATE OR REPLACE SCHEMA db.public')
  await run('CREATE TABLE t (id INT, n INT) AS SELECT 1, 10 UNION ALL SELECT 2, 20')
  return async () => {
    await session.close()
    await other.close()
  }
})

afterAll(async () => {
  await engine.close()
})

const rowsOfT = 'SELECT * FROM t ORDER BY 1, 2'

describe('a statement that fails within a transaction', () => {
  test.each([
    ['INSERT that cannot convert a value', "INSERT INTO t SELECT 7, 'x' || id FROM t"],
    ['INSERT of NULL where none may be', 'INSERT INTO strict SELECT NULL FROM t'],
    ['UPDATE', 'UPDATE t SET n = n / (id - 2)'],
    [
      'MERGE that fails behind its first change',
      'MERGE INTO t USING (SELECT 1 id UNION ALL SELECT 9) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 99 WHEN NOT MATCHED THEN INSERT VALUES (9, 1 / (s.id - 9))',
    ],
    ['query', 'SELECT 1 / (id - 2) FROM t'],
    ['statement that means nothing', 'SELECT nothing FROM t'],
  ])('is undone alone: %s', async (_, failing) => {
    await run('CREATE TABLE strict (a INT NOT NULL)')
    await run('BEGIN')
    await run('UPDATE t SET n = 11 WHERE id = 1')
    await run('INSERT INTO t VALUES (3, 30)')
    await expect(run(failing)).rejects.toThrow(/./u)
    await run('DELETE FROM t WHERE id = 2')
    expect(await run(rowsOfT, other)).toEqual([
      ['1', '10'],
      ['2', '20'],
    ])
    await run('COMMIT')
    expect(await run(rowsOfT, other)).toEqual([
      ['1', '11'],
      ['3', '30'],
    ])
  })

  test('is undone as the last one too, and ROLLBACK takes back all', async () => {
    await run('BEGIN')
    await run('INSERT INTO t VALUES (3, 30)')
    await expect(run('INSERT INTO t SELECT 1 / 0, 1')).rejects.toMatchObject({ code: '100051' })
    await run('COMMIT')
    expect(await run('SELECT COUNT(*) FROM t', other)).toEqual([['3']])
    await run('BEGIN')
    await run('DELETE FROM t')
    await expect(run('SELECT 1 / 0')).rejects.toMatchObject({ code: '100051' })
    await run('ROLLBACK')
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['3']])
  })

  test('has the transaction lost, loudly, when what it did before would come out otherwise now', async () => {
    await run('BEGIN')
    await run('DELETE FROM t WHERE id IN (SELECT id FROM u)').catch(() => undefined)
    await run('ROLLBACK')
    await run('CREATE TABLE u (id INT)')
    await run('BEGIN')
    await run('INSERT INTO u SELECT id FROM t')
    await run('INSERT INTO t VALUES (4, 40)', other)
    await expect(run('SELECT 1 / 0')).rejects.toMatchObject({ code: '100051' })
    await expect(run('SELECT COUNT(*) FROM u')).rejects.toMatchObject({ code: '000603' })
    await expect(run('COMMIT')).rejects.toMatchObject({ code: '000603' })
    expect(await run('SELECT COUNT(*) FROM u')).toEqual([['0']])
  })
})

describe('sessions beside each other', () => {
  test('see what is committed at once, within a transaction too, and nothing else', async () => {
    await run('CREATE TABLE own (a INT)')
    await run('BEGIN')
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['2']])
    await run('INSERT INTO t VALUES (3, 30)', other)
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['3']])
    await run('INSERT INTO own VALUES (1)')
    await run('INSERT INTO t VALUES (4, 40)', other)
    expect(await run('SELECT (SELECT COUNT(*) FROM t), (SELECT COUNT(*) FROM own)')).toEqual([['4', '1']])
    expect(await run('SELECT COUNT(*) FROM own', other)).toEqual([['0']])
    await run('ALTER TABLE t ADD COLUMN more INT', other)
    await run('CREATE TABLE later AS SELECT 1 AS a', other)
    expect(await run('SELECT COUNT(more), MAX(a) FROM t CROSS JOIN later')).toEqual([['0', '1']])
    await run('INSERT INTO t VALUES (5, 50, 500)')
    await run('COMMIT')
    expect(await run('SELECT COUNT(*), MAX(more) FROM t', other)).toEqual([['5', '500']])
  })

  test('wait for one who changes the table, and go on from what that one left', async () => {
    await run('BEGIN')
    await run('UPDATE t SET n = n + 1 WHERE id = 1')
    await run('INSERT INTO t VALUES (3, 30)', other)
    await run('BEGIN', other)
    expect(await run('SELECT n FROM t WHERE id = 1', other)).toEqual([['10']])
    const waiting = run('UPDATE t SET n = n * 2', other)
    await run('COMMIT')
    expect(await waiting).toEqual([['3', '0']])
    await run('COMMIT', other)
    expect(await run(rowsOfT)).toEqual([
      ['1', '22'],
      ['2', '40'],
      ['3', '60'],
    ])
  })

  test('wait no longer than LOCK_TIMEOUT, and then still have their transaction', async () => {
    await run('BEGIN')
    await run('DELETE FROM t WHERE id = 1')
    await run('ALTER SESSION SET LOCK_TIMEOUT = 0', other)
    await run('BEGIN', other)
    await run('INSERT INTO t VALUES (3, 30)', other)
    await expect(run('UPDATE t SET n = 0', other)).rejects.toMatchObject({ code: '000625' })
    await expect(run('ALTER TABLE t ADD COLUMN x INT', other)).rejects.toMatchObject({ code: '000625' })
    await run('ROLLBACK')
    // DDL has committed the row.
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['3']])
  })

  test('wait no longer than a statement may take', async () => {
    await run('BEGIN')
    await run('DELETE FROM t WHERE id = 1')
    await run('ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 0.05', other)
    await expect(run('UPDATE t SET n = 0', other)).rejects.toMatchObject({ code: '000630' })
    await expect(
      run('SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000000000)) a, t, t b, t c, t d', other),
    ).rejects.toMatchObject({ code: '000630' })
    await run('ROLLBACK')
  })

  test('of two that wait for each other one gives way, and both can end their transaction', async () => {
    await run('CREATE TABLE u (a INT)')
    await run('BEGIN')
    await run('DELETE FROM t WHERE id = 1')
    await run('BEGIN', other)
    await run('UPDATE u SET a = 1', other)
    const waiting = run('DELETE FROM u')
    await expect(run('DELETE FROM t', other)).rejects.toMatchObject({ code: '000625' })
    await run('COMMIT', other)
    await waiting
    await run('COMMIT')
    expect(await run('SELECT id FROM t')).toEqual([['2']])
  })

  test('insert and load into one table side by side', async () => {
    await run('CREATE STAGE s')
    const sessions = await Promise.all(Array.from({ length: 4 }, open))
    await Promise.all(
      sessions.map(async (one, index) => {
        await run(`COPY INTO @s/${index}/ FROM (SELECT SEQ4(), ${index} FROM TABLE(GENERATOR(ROWCOUNT => 500)))`, one)
        await run('BEGIN', one)
        await run(`COPY INTO t FROM @s/${index}/`, one)
        await run(`INSERT INTO t VALUES (-1, ${index})`, one)
        await run('COMMIT', one)
        await run(`INSERT INTO t SELECT id, n FROM t WHERE n = ${index} AND id < 0`, one)
      }),
    )
    expect(await run('SELECT n, COUNT(*) FROM t WHERE n < 4 GROUP BY n ORDER BY n')).toEqual(
      ['0', '1', '2', '3'].map((n) => [n, '502']),
    )
    await Promise.all(sessions.map(async (one) => await one.close()))
  })

  test('a session that ends gives its locks back', async () => {
    const leaving = await open()
    await run('BEGIN', leaving)
    await run('DELETE FROM t', leaving)
    const waiting = run('UPDATE t SET n = 1')
    await leaving.close()
    expect(await waiting).toEqual([['2', '0']])
  })
})

test('files are purged when the load is committed, not before', async () => {
  await run('CREATE STAGE s')
  await run('COPY INTO @s/a/ FROM (SELECT 5, 50)')
  await run('BEGIN')
  await run('COPY INTO t FROM @s/a/ PURGE = TRUE')
  await run('ROLLBACK')
  expect(await run('LIST @s')).toHaveLength(1)
  await run('BEGIN')
  await run('COPY INTO t FROM @s/a/ PURGE = TRUE')
  await expect(run('SELECT 1 / 0')).rejects.toMatchObject({ code: '100051' })
  await run('COMMIT')
  expect(await run('LIST @s')).toHaveLength(0)
  expect(await run('SELECT COUNT(*) FROM t')).toEqual([['3']])
})
