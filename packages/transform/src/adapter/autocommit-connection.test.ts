import type { WarehouseConnection } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import { autocommitting, splitStatements } from './autocommit-connection.ts'

it.each([
  ['a; b', ['a', 'b']],
  ['select \';\' ; select "x;y";', ["select ';'", 'select "x;y"']],
  [String.raw`select 'it\'s; so'; b`, [String.raw`select 'it\'s; so'`, 'b']],
  ['comment on table t is $$a; b$$; c', ['comment on table t is $$a; b$$', 'c']],
  ['a -- one; two\n; /* three; */ b', ['a -- one; two', '/* three; */ b']],
  [' ;; -- nothing\n/* at all */', []],
])('finds the statements of %j', (sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements)
})

it('splits a text with a very long literal', () => {
  const insert = `insert into t values ('${"it''s; ".repeat(2_000_000)}')`
  expect(splitStatements(`begin;\n${insert};\ncommit;`)).toEqual(['begin', insert, 'commit'])
})

function recorded(fails?: string): { connection: WarehouseConnection; sent: string[] } {
  const sent: string[] = []
  const query = async (sql: string) => {
    sent.push(sql)
    if (sql === fails) throw new Error('refused')
    return await Promise.resolve({ columns: [], rows: [[sql]], rowsChanged: 0 })
  }
  return { sent, connection: autocommitting({ query, [Symbol.asyncDispose]: async () => await Promise.resolve() }) }
}

it('sends the borders that a text holds, and gives the answer to what stands between them', async () => {
  const { connection, sent } = recorded()
  expect((await connection.query('begin; insert 1; commit;')).rows).toEqual([['insert 1']])
  expect(sent).toEqual(['BEGIN', 'insert 1', 'COMMIT'])
})

it('does not send those that come alone', async () => {
  const { connection, sent } = recorded()
  for (const sql of ['begin', 'commit', 'rollback']) await connection.query(sql)
  expect(sent).toEqual([])
})

it('rolls back what a failing text has begun', async () => {
  const { connection, sent } = recorded('delete 1')
  await expect(connection.query('begin; delete 1; insert 2; commit')).rejects.toThrow('refused')
  expect(sent).toEqual(['BEGIN', 'delete 1', 'ROLLBACK'])
})
