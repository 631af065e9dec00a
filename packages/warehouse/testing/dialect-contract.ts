import type { SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { EclusaError, formatColumnType } from '@eclusa/sdk'
import type { AnyErrorCode, ColumnType } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialect } from '../src/dialect.ts'
import type { RelationName } from '../src/relation.ts'

// What every dialect and its connection promise, run by each on its own warehouse.

/** A warehouse for one run of the suite. */
export interface ContractFixture extends AsyncDisposable {
  readonly warehouse: Warehouse
}

export interface ContractOptions {
  readonly name: string
  readonly dialect: Dialect
  open(): Promise<ContractFixture>
  /** Statements that each yield one value, and what `query` must give for it. */
  readonly values: readonly { readonly sql: string; readonly value: SqlValue; readonly type?: string }[]
  /** A query that runs until it is interrupted. */
  readonly endlessQuery: string
  /** Column types whose SQL type stands for another one: formatted from -> to. */
  readonly foldedTypes?: Readonly<Record<string, string>>
}

const types: readonly ColumnType[] = [
  ...(['boolean', 'int16', 'int32', 'int64', 'float32', 'float64', 'text', 'bytes', 'date', 'time'] as const),
  ...(['timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'json'] as const),
].map((type) => ({ type }))

const parametrizedTypes: readonly ColumnType[] = [
  { type: 'decimal', precision: 1, scale: 0 },
  { type: 'decimal', precision: 12, scale: 2 },
  { type: 'decimal', precision: 38, scale: 38 },
  { type: 'list', element: { type: 'text' } },
  { type: 'list', element: { type: 'decimal', precision: 30, scale: 5 } },
  { type: 'list', element: { type: 'list', element: { type: 'timestamptz' } } },
]

const hostileNames = [
  'a b',
  'select',
  'UPPER lower',
  'dot.dot',
  'quo"te',
  "it's",
  'é漢😀',
  '-',
  '$1',
  '?',
  'a;b',
  '\\',
  '%s\n',
]

export function describeDialect(options: ContractOptions): void {
  const { dialect } = options

  // eslint-disable-next-line vitest/valid-title
  describe(options.name, () => {
    let fixture: ContractFixture
    let connection: WarehouseConnection

    const run = async (...statements: readonly string[]) => {
      for (const statement of statements) await connection.query(statement)
    }
    const rowsOf = async (sql: string) => (await connection.query(sql)).rows
    beforeAll(async () => {
      fixture = await options.open()
      connection = await fixture.warehouse.connect()
      await run(dialect.createSchema('contract'))
    })
    afterAll(async () => {
      await fixture?.[Symbol.asyncDispose]()
    })

    describe('query', () => {
      it.each(options.values)('gives $sql without loss', async ({ sql, value, type }) => {
        const result = await connection.query(sql)
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
        const casts = ['text', 'boolean', 'integer', 'double precision', 'double precision', 'bigint', 'text', '']
        const bytes = dialect.type === 'duckdb' ? 'BLOB' : 'bytea'
        const expressions = casts.map((cast, index) => `CAST($${index + 1} AS ${cast || bytes})`)
        const { rows } = await connection.query(`SELECT ${expressions.join(', ')}`, { parameters: values })
        expect(rows).toEqual([values])
      })

      it('counts changed rows and gives back what RETURNING asks for', async () => {
        await run('CREATE TABLE contract.counted (a integer)')
        const inserted = await connection.query('INSERT INTO contract.counted VALUES (1), (2), (3)')
        const tag = dialect.type === 'postgres' ? { commandTag: 'INSERT 0 3' } : {}
        expect(inserted).toEqual({ columns: [], rows: [], rowsChanged: 3, ...tag })
        const updated = await connection.query('UPDATE contract.counted SET a = a + 1 WHERE a > 1 RETURNING a')
        expect(updated.rowsChanged).toBe(2)
        expect(updated.rows.map(([a]) => Number(a)).toSorted((x, y) => x - y)).toEqual([3, 4])
        expect((await connection.query('DELETE FROM contract.counted')).rowsChanged).toBe(3)
        expect((await connection.query('SELECT a FROM contract.counted')).rowsChanged).toBe(0)
      })

      it('runs several statements and gives the last result', async () => {
        const { columns, rows } = await connection.query('SELECT 1 AS a; SELECT 2 AS b')
        expect(columns.map(({ name }) => name)).toEqual(['b'])
        expect(rows).toEqual([[2]])
      })

      it.each(['', ' ;; ', '-- nothing\n/* at all */'])('takes %j for a statement that does nothing', async (sql) => {
        expect(await connection.query(sql)).toEqual({ columns: [], rows: [], rowsChanged: 0 })
      })

      it('keeps columns of the same name apart', async () => {
        const { columns, rows } = await connection.query('SELECT 1 AS a, 2 AS a')
        expect(columns.map(({ name }) => name)).toEqual(['a', 'a'])
        expect(rows).toEqual([[1, 2]])
      })

      it('runs statements of one session in the order of the calls', async () => {
        const statements = ['CREATE TABLE contract.ordered (a integer)', 'INSERT INTO contract.ordered VALUES (1)']
        const results = await Promise.all(
          [...statements, 'SELECT a FROM contract.ordered'].map((sql) => connection.query(sql)),
        )
        expect(results.at(-1)?.rows).toEqual([[1]])
      })

      it('reports a refused statement with code, message and position, and goes on', async () => {
        const sql = "SELECT 'é😀',\n  missing_column FROM contract.counted"
        const error = await failureOf(connection.query(sql))
        expect(error?.code).toBe('WAREHOUSE_STATEMENT_FAILED')
        expect(error?.details['code']).toBeTypeOf('string')
        expect(error?.details['message']).toContain('missing_column')
        expect(error?.details['position']).toBe(sql.indexOf('missing_column') + 1)
        expect(error?.message).toContain('line 2, column 3')
        expect(await rowsOf('SELECT 1')).toEqual([[1]])
      })

      it('stops a running statement when the signal is aborted, and the session lives on', async () => {
        const abort = new AbortController()
        const code = outcomeOf(connection.query(options.endlessQuery, { signal: abort.signal }))
        const second = await fixture.warehouse.connect()
        await second.query('SELECT 1')
        abort.abort()
        expect(await code).toBe('CANCELLED')
        expect(await rowsOf('SELECT 1')).toEqual([[1]])
        await second[Symbol.asyncDispose]()
      })

      it('does not start a statement whose signal was aborted before', async () => {
        const sql = 'CREATE TABLE contract.never_made (a integer)'
        expect(await outcomeOf(connection.query(sql, { signal: AbortSignal.abort() }))).toBe('CANCELLED')
        expect(await dialect.listColumns(connection, inMain('never_made'))).toBeUndefined()
      })

      it('refuses statements after the session was closed', async () => {
        const second = await fixture.warehouse.connect()
        await second[Symbol.asyncDispose]()
        await second[Symbol.asyncDispose]()
        expect(await outcomeOf(second.query('SELECT 1'))).toBe('WAREHOUSE_CONNECTION_LOST')
      })

      it('tells a conflict between transactions from a faulty statement', async () => {
        await run('CREATE TABLE contract.contended (a integer)', 'INSERT INTO contract.contended VALUES (1)')
        await using second = await fixture.warehouse.connect()
        const isolated = dialect.type === 'postgres' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN'
        await second.query(isolated)
        await second.query('SELECT * FROM contract.contended')
        await run('UPDATE contract.contended SET a = 2')
        expect(await outcomeOf(second.query('UPDATE contract.contended SET a = 3'))).toBe('WAREHOUSE_CONFLICT')
        await second.query('ROLLBACK')
      })
    })

    describe('names and literals', () => {
      it.each(hostileNames)('carries the name %j through schema, table, column and catalog', async (name) => {
        const relation = { schema: name, identifier: name }
        await run(
          dialect.createSchema(name),
          dialect.createTable(relation, [{ name, sqlType: dialect.sqlTypeOf({ type: 'int32' }) }]),
        )
        expect(await dialect.listSchemas(connection)).toContain(name)
        const relations = await dialect.listRelations(connection, name)
        expect(relations.map((one) => one.name.identifier)).toEqual([name])
        expect((await dialect.listColumns(connection, relation))?.map((column) => column.name)).toEqual([name])
        await run(dialect.dropSchema(name, { cascade: true }))
        expect(await dialect.listSchemas(connection)).not.toContain(name)
      })

      it.each(['', 'nul\0inside'])('refuses the name %j', (name) => {
        expect(() => dialect.quoteIdentifier(name)).toThrow(expect.objectContaining({ code: 'IDENTIFIER_INVALID' }))
      })

      it('refuses names that the warehouse would cut', () => {
        const { identifierBytesMax } = dialect
        if (identifierBytesMax === undefined) return
        expect(dialect.quoteIdentifier('a'.repeat(identifierBytesMax))).toContain('a')
        expect(() => dialect.quoteIdentifier('é'.repeat(identifierBytesMax))).toThrow(
          expect.objectContaining({ code: 'IDENTIFIER_INVALID' }),
        )
      })

      it('writes literals that read back as the same value', async () => {
        const text = fc.string({ unit: 'binary' }).filter((value) => dialect.type === 'duckdb' || !value.includes('\0'))
        const value = fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.integer(),
          fc.double(),
          // Smaller ones come back as number: the warehouse gives a bare literal the narrowest type.
          fc.bigInt({ min: 2n ** 31n, max: 2n ** 63n - 1n }),
          fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 31n) - 1n }),
          text,
          fc.uint8Array(),
        )
        const property = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
          const { rows } = await connection.query(`SELECT ${values.map((one) => dialect.quoteLiteral(one)).join(', ')}`)
          expect(rows[0]?.map(comparable)).toEqual(values.map(comparable))
        })
        await fc.assert(property, { numRuns: 100 })
      })
    })

    describe('types', () => {
      it.each([...types, ...parametrizedTypes])('makes a column of $type that the catalog gives back', async (type) => {
        const relation = inMain('typed')
        await run(
          dialect.dropRelation(relation, 'table'),
          dialect.createTable(relation, [
            { name: 'a', sqlType: dialect.sqlTypeOf(type), nullable: false },
            { name: 'b', sqlType: dialect.sqlTypeOf(type) },
          ]),
        )
        const columns = await dialect.listColumns(connection, relation)
        const expected = options.foldedTypes?.[formatColumnType(type)] ?? formatColumnType(type)
        expect(columns?.map(({ columnType }) => columnType && formatColumnType(columnType))).toEqual([
          expected,
          expected,
        ])
        expect(columns?.map(({ sqlType }) => sqlType)).toEqual([dialect.sqlTypeOf(type), dialect.sqlTypeOf(type)])
        expect(columns?.map(({ nullable }) => nullable)).toEqual([false, true])
      })
    })

    describe('relations', () => {
      const columns = [
        { name: 'id', sqlType: dialect.sqlTypeOf({ type: 'int32' }) },
        { name: 'name', sqlType: dialect.sqlTypeOf({ type: 'text' }) },
      ]

      it('creates, lists, renames and drops tables and views', async () => {
        await run(
          dialect.createSchema('kinds'),
          dialect.createSchema('kinds'),
          dialect.createTable({ schema: 'kinds', identifier: 't' }, columns),
          dialect.createTable({ schema: 'kinds', identifier: 't' }, columns, { ifNotExists: true }),
          dialect.createView({ schema: 'kinds', identifier: 'v' }, 'SELECT 1 AS a'),
          dialect.createView({ schema: 'kinds', identifier: 'v' }, 'SELECT 1 AS a, 2 AS b', { replace: true }),
          dialect.createTableAs({ schema: 'kinds', identifier: 'c' }, "SELECT 1 AS id, 'x' AS name"),
        )
        const { database } = fixture.warehouse
        const named = (identifier: string) => ({ database, schema: 'kinds', identifier })
        expect(await dialect.listRelations(connection, 'kinds')).toEqual([
          { name: named('c'), kind: 'table' },
          { name: named('t'), kind: 'table' },
          { name: named('v'), kind: 'view' },
        ])
        expect((await dialect.listColumns(connection, named('v')))?.map(({ name }) => name)).toEqual(['a', 'b'])
        await run(
          dialect.rename(named('t'), 'table', 't2'),
          dialect.rename(named('v'), 'view', 'v2'),
          dialect.dropRelation(named('c'), 'table'),
          dialect.dropRelation(named('c'), 'table'),
        )
        const left = await dialect.listRelations(connection, 'kinds')
        expect(left.map(({ name }) => name.identifier)).toEqual(['t2', 'v2'])
        await run(dialect.dropSchema('kinds', { cascade: true }), dialect.dropSchema('kinds'))
        expect(await dialect.listRelations(connection, 'kinds')).toEqual([])
      })

      it('does not list what belongs to the warehouse itself', async () => {
        const schemas = await dialect.listSchemas(connection)
        expect(schemas).not.toContain('pg_catalog')
        expect(schemas).not.toContain('information_schema')
        expect(await dialect.listSchemas(connection, 'no_such_database')).toEqual([])
      })

      it('makes temporary tables that end with the session', async () => {
        const second = await fixture.warehouse.connect()
        await second.query(dialect.createTable(inMain('fleeting'), columns, { temporary: true }))
        await second.query(dialect.createTableAs(inMain('fleeting2'), 'SELECT 1 AS a', { temporary: true }))
        expect((await second.query('SELECT * FROM fleeting')).rows).toEqual([])
        await second[Symbol.asyncDispose]()
        expect(await outcomeOf(connection.query('SELECT * FROM fleeting'))).toBe('WAREHOUSE_STATEMENT_FAILED')
      })

      it('puts a table in the place of another, or of none', async () => {
        const target = inMain('replaced')
        for (const round of [1, 2]) {
          const source = inMain('replaced_next')
          await run(
            dialect.createTableAs(source, `SELECT ${round} AS a`),
            'BEGIN',
            ...dialect.replaceTable(target, source),
            'COMMIT',
          )
          expect(await rowsOf('SELECT a FROM contract.replaced')).toEqual([[round]])
          expect(await dialect.listColumns(connection, source)).toBeUndefined()
        }
      })

      it('takes a replacement back when its transaction does not commit', async () => {
        await run(
          dialect.createTableAs(inMain('kept'), 'SELECT 1 AS a'),
          dialect.createTableAs(inMain('kept_next'), 'SELECT 2 AS a'),
          'BEGIN',
          ...dialect.replaceTable(inMain('kept'), inMain('kept_next')),
          'ROLLBACK',
        )
        expect(dialect.supportsTransactionalDdl).toBe(true)
        expect(await rowsOf('SELECT a FROM contract.kept')).toEqual([[1]])
        expect(await rowsOf('SELECT a FROM contract.kept_next')).toEqual([[2]])
      })

      it('lists what a drop with cascade takes along, over however many views', async () => {
        await run(
          dialect.createTableAs(inMain('base'), 'SELECT 1 AS a'),
          dialect.createView({ schema: 'contract', identifier: 'over_base' }, 'SELECT a FROM contract.base'),
          dialect.createView({ schema: 'contract', identifier: 'over_view' }, 'SELECT a FROM contract.over_base'),
        )
        const dependents = await dialect.listDependents(connection, inMain('base'))
        expect(dependents.map(({ identifier }) => identifier)).toEqual(
          dialect.viewsDependOnTables ? ['over_base', 'over_view'] : [],
        )
        expect(await dialect.listDependents(connection, inMain('never_made'))).toEqual([])
      })

      it('treats views over a replaced table as its flag says', async () => {
        const view = { schema: 'contract', identifier: 'over' }
        const replacement = (cascade: boolean) =>
          run('BEGIN', ...dialect.replaceTable(inMain('under'), inMain('under_next'), { cascade }), 'COMMIT')
        await run(
          dialect.createTableAs(inMain('under'), 'SELECT 1 AS a'),
          dialect.createView(view, 'SELECT a FROM contract.under'),
          dialect.createTableAs(inMain('under_next'), 'SELECT 2 AS a'),
        )
        const outcome = await outcomeOf(replacement(false))
        expect(outcome).toBe(dialect.viewsDependOnTables ? 'WAREHOUSE_STATEMENT_FAILED' : undefined)
        if (outcome !== undefined) {
          await run('ROLLBACK')
          await replacement(true)
        }
        const viewStays = (await dialect.listColumns(connection, view)) !== undefined
        expect(viewStays).toBe(!dialect.viewsDependOnTables)
        const read = viewStays ? 'contract.over' : 'contract.under'
        expect(await rowsOf(`SELECT a FROM ${read}`)).toEqual([[2]])
      })

      it('adds, renames, widens and drops columns', async () => {
        const relation = inMain('altered')
        await run(
          dialect.createTable(relation, columns),
          "INSERT INTO contract.altered VALUES (1, 'x')",
          dialect.addColumn(relation, { name: 'more', sqlType: dialect.sqlTypeOf({ type: 'date' }) }),
          dialect.alterColumnType(relation, 'id', dialect.sqlTypeOf({ type: 'int64' })),
          dialect.renameColumn(relation, 'name', 'label'),
        )
        const after = await dialect.listColumns(connection, relation)
        expect(after?.map(({ name, columnType }) => [name, columnType?.type])).toEqual([
          ['id', 'int64'],
          ['label', 'text'],
          ['more', 'date'],
        ])
        expect(await rowsOf('SELECT * FROM contract.altered')).toEqual([[1n, 'x', null]])
        await run(dialect.dropColumn(relation, 'label'), dialect.truncate(relation))
        expect((await connection.query('SELECT * FROM contract.altered')).columns.map(({ name }) => name)).toEqual([
          'id',
          'more',
        ])
        expect(await rowsOf('SELECT * FROM contract.altered')).toEqual([])
      })

      it('sees names as its flag says', async () => {
        await run(dialect.createTable(inMain('Cased'), columns))
        const outcome = await outcomeOf(connection.query(dialect.createTable(inMain('cASED'), columns)))
        expect(outcome).toBe(dialect.identifiersAreCaseSensitive ? undefined : 'WAREHOUSE_STATEMENT_FAILED')
      })
    })

    describe('keyed writes', () => {
      const write = {
        target: inMain('keyed'),
        source: inMain('keyed_next'),
        key: ['a', 'b'],
        columns: ['a', 'b', 'c'],
      }
      const prepare = async () => {
        await run(
          dialect.dropRelation(write.target, 'table'),
          dialect.dropRelation(write.source, 'table'),
          'CREATE TABLE contract.keyed (a integer, b text, c text)',
          'CREATE TABLE contract.keyed_next (a integer, b text, c text)',
          `INSERT INTO contract.keyed VALUES (1, 'x', 'old'), (1, 'y', 'kept'), (NULL, 'x', 'old null')`,
          `INSERT INTO contract.keyed_next VALUES (1, 'x', 'new'), (2, 'x', 'added'), (NULL, 'x', 'new null')`,
        )
      }
      const sortedRows = async () =>
        (await rowsOf('SELECT a, b, c FROM contract.keyed')).map((row) => row.join('|')).toSorted()

      it.each(['merge', 'deleteInsert'] as const)(
        '%s overwrites rows of equal key and adds the others',
        async (how) => {
          await prepare()
          await run(...dialect[how](write))
          expect(await sortedRows()).toEqual(['1|x|new', '1|y|kept', '2|x|added', '|x|new null', '|x|old null'])
        },
      )

      it.each(['merge', 'deleteInsert'] as const)('%s matches NULL keys where asked to', async (how) => {
        await prepare()
        await run(...dialect[how]({ ...write, nullsMatch: true }))
        expect(await sortedRows()).toEqual(['1|x|new', '1|y|kept', '2|x|added', '|x|new null'])
      })

      it('merge leaves columns alone that it was not told to update', async () => {
        await prepare()
        await run(...dialect.merge({ ...write, updateColumns: [] }))
        expect(await sortedRows()).toEqual(['1|x|old', '1|y|kept', '2|x|added', '|x|new null', '|x|old null'])
      })
    })
  })
}

/** NaN equals NaN here, and -0 is not 0. */
function comparable(value: SqlValue): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  return Object.is(value, -0) ? 'number -0' : `${typeof value} ${String(value)}`
}

function inMain(identifier: string): RelationName {
  return { schema: 'contract', identifier }
}

async function failureOf(promise: Promise<unknown>): Promise<EclusaError | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
}

/** The code of the error; undefined when there was none. */
async function outcomeOf(promise: Promise<unknown>): Promise<AnyErrorCode | undefined> {
  return (await failureOf(promise))?.code
}
