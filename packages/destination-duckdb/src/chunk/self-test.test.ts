import { openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { passesSelfTest } from './self-test.ts'

it('passes with the DuckDB that is installed here, and leaves nothing behind', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:' })
  await using session = await warehouse.connect()
  expect(await passesSelfTest(session)).toBe(true)
  expect((await session.query('SELECT table_name FROM duckdb_tables()')).rows).toEqual([])
})
