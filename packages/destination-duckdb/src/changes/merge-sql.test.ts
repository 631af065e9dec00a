import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { resolvedMerge } from './merge-sql.ts'
import type { Merge } from './merge-sql.ts'

const table = { schema: 'main', identifier: 't' }
const delta = { database: 'temp', schema: 'main', identifier: 'd' }
const cdc = '_ab_cdc_lsn BIGINT, _ab_cdc_order INTEGER, _ab_cdc_updated_at TIMESTAMPTZ, _ab_cdc_deleted_at TIMESTAMPTZ'
const own = `"a key" INTEGER, "second" VARCHAR, note VARCHAR, ${cdc}, _airbyte_meta JSON`
const names = ['_ab_cdc_lsn', '_ab_cdc_order', '_ab_cdc_updated_at', '_ab_cdc_deleted_at', '_airbyte_meta']

const merges = (['last', 'all'] as const).flatMap((takes) =>
  (['removed', 'as_sent', 'filled'] as const).flatMap((deletes) =>
    [true, false].flatMap((mayBeBehind) =>
      [true, false].flatMap((hasUnsentRekeys) =>
        [undefined, { from: 3, before: 9 }].map((rows): Merge => ({
          table,
          delta,
          key: ['a key', 'second'],
          columns: [
            { name: 'a key', of: 'a key', mark: undefined },
            { name: 'second', of: 'second', mark: undefined },
            { name: 'note', of: 'note', mark: { word: 0, mask: 4 } },
            ...names.map((name) => ({ name, of: undefined, mark: undefined })),
          ],
          ...(rows === undefined ? {} : { rows }),
          takes,
          deletes,
          mayBeBehind,
          hasUnsentRekeys,
        })),
      ),
    ),
  ),
)

it('rows find what they had before by hash, never by comparing each with each', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:', threads: 1 })
  await using connection = await warehouse.connect()
  await connection.query(`CREATE TABLE t (${own})`)
  await connection.query(
    `CREATE TEMP TABLE d (${own}, _eclusa_operation SMALLINT, _eclusa_row INTEGER, _eclusa_unchanged_0 INTEGER)`,
  )
  for (const merge of merges) {
    const [create = '', ...others] = resolvedMerge(merge, { ...delta, identifier: 'resolved' })
    const { rows } = await connection.query(`EXPLAIN ${create}`)
    const plan = rows.map((row) => row.join(' ')).join('\n')
    expect(plan).toContain('HASH_JOIN')
    expect(plan).not.toMatch(/NESTED_LOOP|BLOCKWISE|CROSS_PRODUCT|PIECEWISE|IE_JOIN/)
    for (const statement of [
      create,
      ...others,
      duckdbDialect.dropRelation({ ...delta, identifier: 'resolved' }, 'table'),
    ])
      await connection.query(statement)
  }
})
