import type { SqlValue, WarehouseConnection } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import type { DialectContract } from './contract.ts'
import { failureOf, outcomeOf } from './outcome.ts'

export function describeQueries(contract: DialectContract): void {
  const { dialect, options, run, rowsOf, inMain, folded } = contract
  describe('query', () => {
    it.each(options.values)('gives $sql without loss', async ({ sql, value, type }) => {
      const result = await contract.connection.query(sql)
      expect(result.rows).toEqual([[value]])
      expect(result.columns).toHaveLength(1)
      const [column] = result.columns
      expect(column?.type).toBe(type ?? column?.type)
      expect(result.rowsChanged).toBe(0)
    })

    it('binds parameters without loss', async () => {
      const values: SqlValue[] = [
        null,
        true,
        -7,
        2 ** 40,
        1.1,
        9_223_372_036_854_775_807n,
        "it's",
        new Uint8Array([0, 255]),
      ]
      const { bytes, integer, parameter } = options.spelling
      const casts = ['text', 'boolean', integer, 'double precision', 'double precision', 'bigint', 'text', bytes]
      const expressions = casts.map((cast, index) => `CAST(${parameter(index + 1)} AS ${cast})`)
      const { rows } = await contract.connection.query(`SELECT ${expressions.join(', ')}`, { parameters: values })
      expect(rows).toEqual([values])
    })

    it('counts changed rows', async () => {
      await run('CREATE TABLE contract.counted (a integer)')
      const inserted = await contract.connection.query('INSERT INTO contract.counted VALUES (1), (2), (3)')
      const tag = dialect.type === 'postgres' ? { commandTag: 'INSERT 0 3' } : {}
      expect(inserted).toEqual({ columns: [], rows: [], rowsChanged: 3, ...tag })
      expect((await contract.connection.query('UPDATE contract.counted SET a = 9 WHERE a > 1')).rowsChanged).toBe(2)
      expect((await contract.connection.query('DELETE FROM contract.counted')).rowsChanged).toBe(3)
      expect((await contract.connection.query('SELECT a FROM contract.counted')).rowsChanged).toBe(0)
    })

    it.runIf(options.supportsReturning)('gives back what RETURNING asks for', async () => {
      await run('CREATE TABLE contract.returned (a integer)', 'INSERT INTO contract.returned VALUES (1), (2)')
      const updated = await contract.connection.query('UPDATE contract.returned SET a = a + 1 RETURNING a')
      expect(updated.rowsChanged).toBe(2)
      expect(updated.rows.map(([a]) => Number(a)).toSorted((x, y) => x - y)).toEqual([2, 3])
    })

    it.skipIf(options.supportsSeveralStatements)('refuses several statements, and runs none', async () => {
      const sql = 'CREATE TABLE contract.first_one (a integer); SELECT 2 AS b'
      expect(await outcomeOf(contract.connection.query(sql))).toBe('WAREHOUSE_STATEMENT_FAILED')
      expect(await dialect.listColumns(contract.connection, inMain('first_one'))).toBeUndefined()
    })

    it.runIf(options.supportsSeveralStatements)('runs several statements and gives the last result', async () => {
      const { columns, rows } = await contract.connection.query('SELECT 1 AS a; SELECT 2 AS b')
      expect(columns.map(({ name }) => name)).toEqual(['b'])
      expect(rows).toEqual([[2]])
    })

    it.each(['', ' ;; ', '-- nothing\n/* at all */'])('takes %j for a statement that does nothing', async (sql) => {
      expect(await contract.connection.query(sql)).toEqual({ columns: [], rows: [], rowsChanged: 0 })
    })

    it('keeps columns of the same name apart', async () => {
      const { columns, rows } = await contract.connection.query('SELECT 1 AS a, 2 AS a')
      expect(columns.map(({ name }) => name)).toEqual(['a', 'a'].map(folded))
      expect(rows).toEqual([[1, 2]])
    })

    it('runs statements of one session in the order of the calls', async () => {
      const statements = [
        `CREATE TABLE contract.ordered (a ${options.spelling.integer})`,
        'INSERT INTO contract.ordered VALUES (1)',
      ]
      const results = await Promise.all(
        [...statements, 'SELECT a FROM contract.ordered'].map((sql) => contract.connection.query(sql)),
      )
      expect(results.at(-1)?.rows).toEqual([[1]])
    })

    it('reports a refused statement with code, message and position, and goes on', async () => {
      const sql = "SELECT 'é😀',\n  missing_column FROM contract.counted"
      const error = await failureOf(contract.connection.query(sql))
      expect(error?.code).toBe('WAREHOUSE_STATEMENT_FAILED')
      expect(error?.details['code']).toBeTypeOf('string')
      expect(error?.details['message']).toContain(folded('missing_column'))
      expect(error?.details['position']).toBe(sql.indexOf('missing_column') + 1)
      expect(error?.message).toContain('line 2, column 3')
      expect(await rowsOf('SELECT 1')).toEqual([[1]])
    })

    it('stops a running statement when the signal is aborted, and the session lives on', async () => {
      const abort = new AbortController()
      const code = outcomeOf(contract.connection.query(options.endlessQuery, { signal: abort.signal }))
      const second = await contract.warehouse.connect()
      await second.query('SELECT 1')
      abort.abort()
      expect(await code).toBe('CANCELLED')
      expect(await rowsOf('SELECT 1')).toEqual([[1]])
      await second[Symbol.asyncDispose]()
    })

    it('does not start a statement whose signal was aborted before', async () => {
      const sql = 'CREATE TABLE contract.never_made (a integer)'
      expect(await outcomeOf(contract.connection.query(sql, { signal: AbortSignal.abort() }))).toBe('CANCELLED')
      expect(await dialect.listColumns(contract.connection, inMain('never_made'))).toBeUndefined()
    })

    it('refuses statements after the session was closed', async () => {
      const second = await contract.warehouse.connect()
      await second[Symbol.asyncDispose]()
      await second[Symbol.asyncDispose]()
      expect(await outcomeOf(second.query('SELECT 1'))).toBe('WAREHOUSE_CONNECTION_LOST')
    })

    it('tells a conflict between transactions from a faulty statement', async () => {
      await run('CREATE TABLE contract.contended (a integer)', 'INSERT INTO contract.contended VALUES (1)')
      await using second = await contract.warehouse.connect()
      await (dialect.type === 'snowflake' ? holdLock(second) : overtake(second))
      expect(await outcomeOf(second.query('UPDATE contract.contended SET a = 3'))).toBe('WAREHOUSE_CONFLICT')
      await run('ROLLBACK')
      await second.query('ROLLBACK')
    })
  })

  /** The second session has begun to read what the first then changes. */
  async function overtake(second: WarehouseConnection): Promise<void> {
    await second.query(dialect.type === 'postgres' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN')
    await second.query('SELECT * FROM contract.contended')
    await run('UPDATE contract.contended SET a = 2', 'BEGIN')
  }

  /** Every statement sees what is committed; what remains is that the second session waits too long for the first. */
  async function holdLock(second: WarehouseConnection): Promise<void> {
    await second.query('ALTER SESSION SET LOCK_TIMEOUT = 0')
    await second.query('BEGIN')
    await run('BEGIN', 'UPDATE contract.contended SET a = 2')
  }
}
