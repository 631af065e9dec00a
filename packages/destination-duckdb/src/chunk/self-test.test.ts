import { openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { LoadLimits } from './load-limits.ts'
import { RowFeed } from './row-feed.ts'
import { passesSelfTest } from './self-test.ts'

it('passes with the DuckDB that is installed here, and leaves nothing behind', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:' })
  await using session = await warehouse.connect()
  const feed = RowFeed.register(session.native)
  expect(
    await passesSelfTest({
      session,
      feed,
      limits: await LoadLimits.of(await warehouse.connect(), { columns: 8, configuredMemory: undefined }),
    }),
  ).toBe(true)
  expect((await session.query('SELECT table_name FROM duckdb_tables()')).rows).toEqual([])
})
