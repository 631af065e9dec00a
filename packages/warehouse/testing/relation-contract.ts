import { describe, expect, it } from 'vitest'
import type { DialectContract } from './contract.ts'
import { outcomeOf } from './outcome.ts'

export function describeRelations(contract: DialectContract): void {
  const { dialect, run, rowsOf, inMain, folded } = contract
  describe('relations', () => {
    const columns = [
      { name: folded('id'), sqlType: dialect.sqlTypeOf({ type: 'int32' }) },
      { name: folded('name'), sqlType: dialect.sqlTypeOf({ type: 'text' }) },
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
      const { database } = contract.warehouse
      const named = (identifier: string) => ({ database, schema: 'kinds', identifier })
      expect(await dialect.listRelations(contract.connection, 'kinds')).toEqual([
        { name: named('c'), kind: 'table' },
        { name: named('t'), kind: 'table' },
        { name: named('v'), kind: 'view' },
      ])
      const viewColumns = await dialect.listColumns(contract.connection, named('v'))
      expect(viewColumns?.map(({ name }) => name)).toEqual(['a', 'b'].map(folded))
      await run(
        dialect.rename(named('t'), 'table', 't2'),
        dialect.rename(named('v'), 'view', 'v2'),
        dialect.dropRelation(named('c'), 'table'),
        dialect.dropRelation(named('c'), 'table'),
      )
      const left = await dialect.listRelations(contract.connection, 'kinds')
      expect(left.map(({ name }) => name.identifier)).toEqual(['t2', 'v2'])
      await run(dialect.dropSchema('kinds', { cascade: true }), dialect.dropSchema('kinds'))
      expect(await dialect.listRelations(contract.connection, 'kinds')).toEqual([])
    })

    it('does not list what belongs to the warehouse itself', async () => {
      const schemas = await dialect.listSchemas(contract.connection)
      expect(schemas).not.toContain('pg_catalog')
      expect(schemas).not.toContain('information_schema')
      expect(await dialect.listSchemas(contract.connection, 'no_such_database')).toEqual([])
    })

    it('makes temporary tables that end with the session', async () => {
      const second = await contract.warehouse.connect()
      await second.query(dialect.createTable(inMain('fleeting'), columns, { temporary: true }))
      await second.query(dialect.createTableAs(inMain('fleeting2'), 'SELECT 1 AS a', { temporary: true }))
      expect((await second.query('SELECT * FROM fleeting')).rows).toEqual([])
      await second[Symbol.asyncDispose]()
      expect(await outcomeOf(contract.connection.query('SELECT * FROM fleeting'))).toBe('WAREHOUSE_STATEMENT_FAILED')
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
        expect(await dialect.listColumns(contract.connection, source)).toBeUndefined()
      }
    })

    it.runIf(dialect.supportsTransactionalDdl)('takes a replacement back with its transaction', async () => {
      await run(
        dialect.createTableAs(inMain('kept'), 'SELECT 1 AS a'),
        dialect.createTableAs(inMain('kept_next'), 'SELECT 2 AS a'),
        'BEGIN',
        ...dialect.replaceTable(inMain('kept'), inMain('kept_next')),
        'ROLLBACK',
      )
      expect(await rowsOf('SELECT a FROM contract.kept')).toEqual([[1]])
      expect(await rowsOf('SELECT a FROM contract.kept_next')).toEqual([[2]])
    })

    it('lists what a drop with cascade takes along, over however many views', async () => {
      await run(
        dialect.createTableAs(inMain('base'), 'SELECT 1 AS a'),
        dialect.createView({ ...inMain('over_base') }, 'SELECT a FROM contract.base'),
        dialect.createView({ ...inMain('over_view') }, 'SELECT a FROM contract.over_base'),
      )
      const dependents = await dialect.listDependents(contract.connection, inMain('base'))
      expect(dependents.map(({ identifier }) => identifier)).toEqual(
        dialect.viewsDependOnTables ? ['over_base', 'over_view'] : [],
      )
      expect(await dialect.listDependents(contract.connection, inMain('never_made'))).toEqual([])
    })

    it('treats views over a replaced table as its flag says', async () => {
      const view = inMain('over')
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
      const viewStays = (await dialect.listColumns(contract.connection, view)) !== undefined
      expect(viewStays).toBe(!dialect.viewsDependOnTables)
      const read = viewStays ? 'contract.over' : 'contract.under'
      expect(await rowsOf(`SELECT a FROM ${read}`)).toEqual([[2]])
    })

    it('adds, renames, widens and drops columns', async () => {
      const relation = inMain('altered')
      await run(
        dialect.createTable(relation, columns),
        "INSERT INTO contract.altered VALUES (1, 'x')",
        dialect.addColumn(relation, { name: folded('more'), sqlType: dialect.sqlTypeOf({ type: 'date' }) }),
        dialect.alterColumnType(relation, folded('id'), dialect.sqlTypeOf({ type: 'int64' })),
        dialect.renameColumn(relation, folded('name'), folded('label')),
      )
      const after = await dialect.listColumns(contract.connection, relation)
      expect(after?.map(({ name, columnType }) => [name, columnType?.type])).toEqual([
        [folded('id'), 'int64'],
        [folded('label'), 'text'],
        [folded('more'), 'date'],
      ])
      expect(await rowsOf('SELECT * FROM contract.altered')).toEqual([[1n, 'x', null]])
      await run(dialect.dropColumn(relation, folded('label')), dialect.truncate(relation))
      const { columns: left, rows } = await contract.connection.query('SELECT * FROM contract.altered')
      expect(left.map(({ name }) => name)).toEqual(['id', 'more'].map(folded))
      expect(rows).toEqual([])
    })

    it('sees names as its flag says', async () => {
      const named = (identifier: string) => ({ ...inMain(identifier), identifier })
      await run(dialect.createTable(named('Cased'), columns))
      const outcome = await outcomeOf(contract.connection.query(dialect.createTable(named('cASED'), columns)))
      expect(outcome).toBe(dialect.identifiersAreCaseSensitive ? undefined : 'WAREHOUSE_STATEMENT_FAILED')
    })
  })
}
