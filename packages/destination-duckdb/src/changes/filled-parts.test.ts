import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { filledRows, lineageRows } from './filled-rows.ts'
import type { Merge } from './merge.ts'

const cdc = '_ab_cdc_lsn BIGINT, _ab_cdc_order INTEGER, _ab_cdc_updated_at TIMESTAMPTZ, _ab_cdc_deleted_at TIMESTAMPTZ'
const own = `k INTEGER, note VARCHAR, other VARCHAR, ${cdc}, _airbyte_meta JSON`
const names = ['_ab_cdc_lsn', '_ab_cdc_order', '_ab_cdc_updated_at', '_ab_cdc_deleted_at', '_airbyte_meta']
const lineage = { database: 'temp', schema: 'main', identifier: 'lineage' }
const [insert, update, remove, rekey] = [0, 1, 2, 3]

const arbitraryMerge = fc.record({
  takes: fc.constantFrom('last' as const, 'all' as const),
  deletes: fc.constantFrom('removed' as const, 'as_sent' as const, 'filled' as const),
  mayBeBehind: fc.boolean(),
  isPartOfDelta: fc.boolean(),
})
const key = fc.nat({ max: 4 })
const arbitraryChange = fc.record({
  kind: fc.constantFrom('insert', 'update', 'update', 'update', 'delete', 'rekey', 'rekey'),
  key,
  to: key,
  marks: fc.constantFrom(0, 1, 2, 3),
})

it('changes are filled in parts as they are filled at once', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:', threads: 1 })
  await using connection = await warehouse.connect()
  await connection.query(`CREATE TABLE t (${own})`)
  await connection.query(
    `CREATE TEMP TABLE d (${own}, _eclusa_operation SMALLINT, _eclusa_row INTEGER, _eclusa_unchanged_0 INTEGER)`,
  )
  const rowsOf = async (sql: string) => (await connection.query(sql)).rows.map(String)
  let divided = 0
  await fc.assert(
    fc.asyncProperty(
      arbitraryMerge,
      fc.uniqueArray(key),
      fc.array(arbitraryChange, { minLength: 4, maxLength: 12 }),
      async ({ isPartOfDelta, ...kind }, before, changes) => {
        const cells = (of: number, text: string, row: number, isDeleted: boolean) =>
          `${of}, '${text}', 'o-${text}', ${row}, ${row}, TIMESTAMPTZ '2026-01-01', ${isDeleted ? "TIMESTAMPTZ '2026-01-01'" : 'NULL'}, '{"changes":[]}'`
        await connection.query('TRUNCATE t; TRUNCATE d')
        const old = before.map((of) => `(${cells(of, `old ${of}`, of - 3, false)})`)
        if (old.length > 0) await connection.query(`INSERT INTO t VALUES ${old.join(', ')}`)
        const rows: string[] = []
        let row = 0
        let hasUnsentRekeys = false
        const add = (of: number, operation: number, marks = 0) => {
          rows.push(`(${cells(of, `new ${row}`, row, operation === remove)}, ${operation}, ${row}, ${marks})`)
          row++
        }
        for (const change of changes) {
          if (change.kind === 'rekey') {
            add(change.key, remove)
            add(change.to, rekey, change.marks)
            hasUnsentRekeys ||= change.marks !== 0
          } else if (change.kind === 'update') add(change.key, update, change.marks)
          else add(change.key, change.kind === 'insert' ? insert : remove)
        }
        await connection.query(`INSERT INTO d VALUES ${rows.join(', ')}`)
        const merge: Merge = {
          ...kind,
          table: { schema: 'main', identifier: 't' },
          delta: { database: 'temp', schema: 'main', identifier: 'd' },
          key: ['k'],
          columns: [
            { name: 'k', of: 'k', mark: undefined },
            { name: 'note', of: 'note', mark: { word: 0, mask: 1 } },
            { name: 'other', of: 'other', mark: { word: 0, mask: 2 } },
            ...names.map((name) => ({ name, of: undefined, mark: undefined })),
          ],
          ...(isPartOfDelta ? { rows: { from: 0, before: row - 1 } } : {}),
          hasUnsentRekeys,
        }
        const atOnce = await rowsOf(filledRows(merge))
        if (hasUnsentRekeys) {
          await connection.query(duckdbDialect.createTableAs(lineage, lineageRows(merge), { temporary: true }))
        }
        const inParts: string[][] = []
        for (const index of [0, 1])
          inParts.push(await rowsOf(filledRows(merge, { part: { index, count: 2, lineage } })))
        if (hasUnsentRekeys) await connection.query(duckdbDialect.dropRelation(lineage, 'table'))
        expect(inParts.flat().toSorted()).toEqual(atOnce.toSorted())
        if (hasUnsentRekeys && inParts.filter((part) => part.length > 0).length > 1) divided++
      },
    ),
    { numRuns: 30 },
  )
  expect(divided).toBeGreaterThan(0)
}, 60_000)
