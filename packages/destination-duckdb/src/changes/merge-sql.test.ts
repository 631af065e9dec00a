import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { filledRows } from './filled-rows.ts'
import { areLone, loneRows } from './lone-rows.ts'
import { resolvedMerge } from './merge-sql.ts'
import type { Merge } from './merge.ts'

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
  const resolved = { ...delta, identifier: 'resolved' }
  const unmarked = merges
    .filter(({ takes }) => takes === 'last')
    .map((merge) => ({ ...merge, columns: merge.columns.map((column) => ({ ...column, mark: undefined })) }))
  for (const merge of [...merges, ...unmarked]) {
    for (const rows of [filledRows(merge), ...(areLone(merge) ? [loneRows(merge)] : [])]) {
      const create = duckdbDialect.createTableAs(resolved, rows, { temporary: true })
      const explained = await connection.query(`EXPLAIN ${create}`)
      const plan = explained.rows.map((row) => row.join(' ')).join('\n')
      expect(plan).toContain('HASH_JOIN')
      expect(plan).not.toMatch(/NESTED_LOOP|BLOCKWISE|CROSS_PRODUCT|PIECEWISE|IE_JOIN/)
      const statements = [create, ...resolvedMerge(merge, resolved), duckdbDialect.dropRelation(resolved, 'table')]
      for (const statement of statements) await connection.query(statement)
    }
  }
})

const meta = (changes: string) => `{"sync_id":"r","changes":[${changes}]}`
const arbitraryRow = fc.record({
  key: fc.nat({ max: 5 }),
  note: fc.option(fc.constantFrom('a', 'b')),
  position: fc.nat({ max: 6 }),
  isNoted: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  operation: fc.constantFrom(0, 1, 1, 1, 2),
  isUnsent: fc.boolean(),
})

it('a change that is alone becomes the same row in either way', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:', threads: 1 })
  await using connection = await warehouse.connect()
  await connection.query(
    `CREATE TABLE t (${own}); CREATE TEMP TABLE d (${own}, _eclusa_operation SMALLINT, _eclusa_row INTEGER, _eclusa_unchanged_0 INTEGER)`,
  )
  const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`)
  const cells = ({
    key,
    note,
    position,
    isNoted,
    operation,
  }: typeof arbitraryRow extends fc.Arbitrary<infer Row> ? Row : never) => {
    const deleted = operation === 2 ? 'now()' : 'NULL'
    return `${key}, 's', ${text(note)}, ${position}, ${position}, now(), ${deleted}, '${meta(isNoted ? '{"field":"note"}' : '')}'`
  }
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(arbitraryRow, { selector: ({ key }) => key }),
      fc.array(arbitraryRow, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...merges.filter((merge) => areLone(merge) && merge.rows === undefined)),
      async (before, changes, merge) => {
        await connection.query('TRUNCATE t; TRUNCATE d')
        for (const one of before) await connection.query(`INSERT INTO t VALUES (${cells(one)})`)
        const ordered = merge.mayBeBehind ? changes : changes.toSorted((left, right) => left.position - right.position)
        for (const [index, one] of ordered.entries()) {
          const marks = one.isUnsent && one.operation === 1 ? 4 : 0
          const values = cells({ ...one, note: marks === 0 ? one.note : null })
          await connection.query(`INSERT INTO d VALUES (${values}, ${one.operation}, ${index}, ${marks})`)
        }
        const { rows: lone } = await connection.query(`SELECT * FROM (${loneRows(merge)}) ORDER BY 1`)
        if (lone.some((row) => row.at(-1) !== 0)) return
        const { rows: filled } = await connection.query(`SELECT * FROM (${filledRows(merge)}) ORDER BY 1`)
        compared++
        expect(lone.map((row) => String(row.slice(0, -1)))).toEqual(filled.map(String))
      },
    ),
    { numRuns: 60 },
  )
  expect(compared).toBeGreaterThan(15)
})
