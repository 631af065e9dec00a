import type { ReadPart, SqlValue } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { openDuckDb } from './connection.ts'

async function rowsOf(parts: AsyncIterable<ReadPart>): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = []
  for await (const part of parts) if (part.type === 'rows') rows.push(...part.rows.map((row) => [...row]))
  return rows
}

describe('reading from DuckDB', () => {
  it('gives the columns first, then all rows exactly, nested ones among them', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    const parts: ReadPart[] = []
    const sql = `SELECT i::HUGEINT AS i, [i, NULL] AS list, 'a''b' AS text FROM range(5000) AS t(i)`
    for await (const part of warehouse.read(sql)) parts.push(part)
    expect(parts[0]).toEqual({
      type: 'columns',
      columns: [
        { name: 'i', type: 'HUGEINT' },
        { name: 'list', type: 'BIGINT[]' },
        { name: 'text', type: 'VARCHAR' },
      ],
    })
    const rows = parts.slice(1).flatMap((part) => (part.type === 'rows' ? part.rows : []))
    expect(parts.length).toBeGreaterThan(2)
    expect([rows.length, rows[4999]]).toEqual([5000, [4999n, '[4999, NULL]', "a'b"]])
  })

  it.each(['FROM t', 'DESCRIBE t', 'SHOW TABLES', 'SUMMARIZE t', 'EXPLAIN SELECT 1', 'PRAGMA table_info(t)'])(
    'runs %s',
    async (sql) => {
      await using warehouse = await openDuckDb({ path: ':memory:' })
      await using session = await warehouse.connect()
      await session.query('CREATE TABLE t AS SELECT 1 AS a')
      expect((await rowsOf(warehouse.read(sql))).length).toBeGreaterThan(0)
    },
  )

  it.each([
    'INSERT INTO t VALUES (2) RETURNING a',
    'CREATE TABLE u AS SELECT 1',
    'SET threads = 1',
    `PRAGMA memory_limit = '1GB'`,
    'CHECKPOINT',
    `COPY t TO '/dev/null'`,
    "ATTACH ':memory:' AS other",
    'BEGIN',
    'SELECT 1; SELECT 2',
    '-- nothing',
  ])('refuses %s', async (sql) => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    await using session = await warehouse.connect()
    await session.query('CREATE TABLE t AS SELECT 1 AS a')
    await expect(rowsOf(warehouse.read(sql))).rejects.toMatchObject({ code: 'WAREHOUSE_READ_ONLY' })
    expect((await session.query('FROM t')).rows).toEqual([[1]])
  })

  it('does not let a question change anything behind its back', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    await using session = await warehouse.connect()
    await session.query('CREATE TABLE t AS SELECT 1 AS a')
    const parts = warehouse.read('EXPLAIN ANALYZE INSERT INTO t VALUES (2)')
    await expect(rowsOf(parts)).rejects.toMatchObject({ code: 'WAREHOUSE_STATEMENT_FAILED' })
    expect((await session.query('FROM t')).rows).toEqual([[1]])
  })

  it('stops when it is told to, and leaves the others alone', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    const controller = new AbortController()
    const slow = warehouse.read('SELECT count(*) FROM range(1000000) a, range(1000000) b', {
      signal: controller.signal,
    })
    const reading = rowsOf(slow)
    controller.abort()
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await rowsOf(warehouse.read('SELECT 1'))).toEqual([[1]])
  })

  it('may be left in the middle', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    for await (const part of warehouse.read('FROM range(1000000)')) if (part.type === 'rows') break
    expect(await rowsOf(warehouse.read('SELECT 1'))).toEqual([[1]])
  })

  it('goes on beside a transaction that has not been committed, and does not see it', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    await using session = await warehouse.connect()
    await session.query('CREATE TABLE t AS SELECT 1 AS a')
    await session.query('BEGIN')
    await session.query('INSERT INTO t VALUES (2)')
    expect(await rowsOf(warehouse.read('FROM t'))).toEqual([[1]])
    await session.query('COMMIT')
    expect(await rowsOf(warehouse.read('FROM t ORDER BY a'))).toEqual([[1], [2]])
  })
})

describe('a lent DuckDB', () => {
  it('ends alone, with its sessions', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    const lent = warehouse.lend({ signal: new AbortController().signal })
    const session = await lent.connect()
    await session.query('CREATE TABLE t AS SELECT 1 AS a')
    await lent[Symbol.asyncDispose]()
    await expect(session.query('SELECT 1')).rejects.toThrow('closed')
    await expect(lent.connect()).rejects.toThrow('closed')
    expect(await rowsOf(warehouse.read('FROM t'))).toEqual([[1]])
  })

  it('ends with the lender', async () => {
    const warehouse = await openDuckDb({ path: ':memory:' })
    const lent = warehouse.lend({ signal: new AbortController().signal })
    const session = await lent.connect()
    await warehouse[Symbol.asyncDispose]()
    await expect(session.query('SELECT 1')).rejects.toThrow('closed')
  })

  it('is interrupted by its own signal alone', async () => {
    await using warehouse = await openDuckDb({ path: ':memory:' })
    const controller = new AbortController()
    await using lent = warehouse.lend({ signal: controller.signal })
    await using session = await lent.connect()
    controller.abort()
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await rowsOf(warehouse.read('SELECT 1'))).toEqual([[1]])
  })
})
