import { expect, test } from 'vitest'
import { openEngine } from '../engine/engine.ts'

test('columns that number themselves say so, and dynamic tables have the columns that clients look for', async () => {
  const engine = await openEngine()
  try {
    const session = await engine.openSession({ user: 'ADA' })
    const run = async (sqlText: string) => {
      const result = await session.execute({ queryId: sqlText, sqlText, signal: new AbortController().signal })
      const rows = []
      for await (const block of result.rows) rows.push(...block)
      return { names: result.columns.map(({ name }) => name), rows }
    }
    await run('CREATE DATABASE shop')
    await run('CREATE TABLE t (a INT IDENTITY, b VARCHAR(3))')
    const columns = 'column_name, is_identity, identity_cycle, identity_ordered, identity_maximum, data_type_alias'
    const { rows } = await run(`SELECT ${columns} FROM information_schema.columns WHERE table_name = 'T' ORDER BY 1`)
    expect(rows).toEqual([
      ['A', 'YES', 'NO', 'NO', null, 'NUMBER'],
      ['B', 'NO', null, null, null, 'TEXT'],
    ])
    const described = await run("SELECT comment FROM information_schema.tables WHERE table_name = 'T'")
    expect(described.rows).toEqual([[null]])
    const { names } = await run('SHOW DYNAMIC TABLES')
    expect(names).toEqual(expect.arrayContaining(['initialization_warehouse', 'immutable_where', 'cluster_by']))
    await session.close()
  } finally {
    await engine.close()
  }
})
