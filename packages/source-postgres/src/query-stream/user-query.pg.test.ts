import { testServers } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { MemoryDestination } from '../../testing/memory-destination.ts'
import { SourceRun } from '../../testing/source-run.ts'
import type { SourceConfig } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

describe.each(await testServers())('on PostgreSQL $major, a query as a stream', (server) => {
  const database = suiteDatabase(
    server,
    `CREATE TABLE t (id int PRIMARY KEY, a numeric(6,2), at timestamptz); CREATE SEQUENCE counting;
      INSERT INTO t VALUES (1, 1.50, '2024-01-01 01:00+01'), (2, 2.25, NULL);
      CREATE FUNCTION meddle() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (99) RETURNING id'`,
  )

  const runWith = (queries: SourceConfig['queries']) =>
    new SourceRun({ connection_string: database.connectionString, schemas: ['public'], queries })

  async function rowsOf(sql: string) {
    const run = runWith({ q: { sql } })
    const destination = new MemoryDestination()
    await destination.take(run.read(await run.catalog({ q: {} })))
    return destination.rows('q')
  }

  it('has the columns that the server describes, and its own keys and modes', async () => {
    const run = runWith({
      q: { sql: 'SELECT id AS key, a, at FROM t', primary_key: ['key'], cursor: 'at' },
      r: { sql: 'SELECT 1 AS one' },
    })
    const streams = await run.discover()
    expect(streams.get('q')).toMatchObject({
      stream: { name: 'q' },
      kind: 'query',
      primaryKey: ['key'],
      cursorCandidates: ['at'],
      syncModes: ['full_refresh', 'incremental'],
      isResumable: false,
    })
    expect(streams.get('q')?.schema.columns.map(({ name, sourceType }) => [name, sourceType])).toEqual([
      ['key', 'integer'],
      ['a', 'numeric(6,2)'],
      ['at', 'timestamp with time zone'],
    ])
    expect(streams.get('r')?.syncModes).toEqual(['full_refresh'])
  })

  it.each([
    ['plain', 'SELECT id, a, at FROM t ORDER BY id'],
    ['with a semicolon', ' SELECT * FROM t ORDER BY id ; '],
    ['with a comment at its end', 'SELECT * FROM t ORDER BY id -- all rows'],
    ['with a WITH clause', 'WITH x AS (SELECT * FROM t) SELECT * FROM x ORDER BY id'],
    ['of VALUES', `VALUES (1, 1.50, '2024-01-01 00:00:00+00'::timestamptz), (2, 2.25, NULL)`],
  ])('gives its rows, %s', async (_how, sql) => {
    expect(await rowsOf(sql)).toEqual([
      ['1', '1.50', '2024-01-01 00:00:00+00'],
      ['2', '2.25', null],
    ])
  })

  it('keeps what is not a type of a table: records, unknown literals, empty rows', async () => {
    expect(await rowsOf(`SELECT 'text' AS a, NULL AS b, (1, 'x') AS c, ARRAY[[1,2],[3,4]] AS d`)).toEqual([
      ['text', null, '(1,x)', expect.anything()],
    ])
    expect(await rowsOf('SELECT FROM t')).toEqual([[], []])
    expect(await rowsOf('SELECT 1 AS a WHERE false')).toEqual([])
  })

  it.each([
    ['several statements', 'SELECT 1 AS a; SELECT 2 AS a'],
    ['several statements in disguise', 'SELECT 1 AS a) AS q; DROP TABLE t; SELECT * FROM (SELECT 1 AS a'],
    ['an insert', 'INSERT INTO t VALUES (7) RETURNING id'],
    ['an insert in a WITH clause', 'WITH x AS (INSERT INTO t VALUES (7) RETURNING id) SELECT * FROM x'],
    ['a statement of another kind', 'VACUUM t'],
    ['a SELECT INTO', 'SELECT * INTO u FROM t'],
    ['a syntax error', 'SELEC 1'],
    ['a column that is not there', 'SELECT missing FROM t'],
    ['two columns of one name', 'SELECT id, a AS id FROM t'],
    ['a parameter', 'SELECT $1::int AS a'],
  ])('refuses %s', async (_what, sql) => {
    await expect(runWith({ q: { sql } }).discover()).rejects.toMatchObject({
      code: 'POSTGRES_QUERY_REFUSED',
      details: { stream: 'q' },
    })
    expect(await database.run('SELECT count(*) FROM t')).toEqual([['2']])
  })

  it('refuses keys and cursors that it does not return', async () => {
    for (const keys of [{ primary_key: ['b'] }, { cursor: 'b' }]) {
      await expect(runWith({ q: { sql: 'SELECT 1 AS a', ...keys } }).discover()).rejects.toMatchObject({
        code: 'POSTGRES_QUERY_REFUSED',
      })
    }
  })

  it('cannot write, not even by calling a function', async () => {
    for (const sql of ['SELECT meddle() AS a', `SELECT nextval('counting') AS a`]) {
      await expect(rowsOf(sql)).rejects.toMatchObject({ details: { stream: 'q', sqlState: '25006' } })
    }
    expect(await database.run('SELECT count(*) FROM t')).toEqual([['2']])
  })

  it('tells an error of the query without the value that caused it', async () => {
    const reading = rowsOf(`SELECT ('geheim' || id)::int AS a FROM t`)
    await expect(reading).rejects.toMatchObject({ code: 'POSTGRES_STATEMENT_FAILED', details: { stream: 'q' } })
    await expect(reading).rejects.not.toThrow('geheim')
  })

  it('tells a table that is not there', async () => {
    await expect(runWith({ q: { sql: 'SELECT * FROM nowhere' } }).discover()).rejects.toMatchObject({
      code: 'POSTGRES_TABLE_MISSING',
      details: { stream: 'q' },
    })
  })
})
