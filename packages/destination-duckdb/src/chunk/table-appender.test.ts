import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { formatColumnType, formatValue } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyColumn, viewColumn } from './column-data.ts'
import type { ColumnData } from './column-data.ts'
import { arbitraryRows, arbitraryValue, batchOf, everyType, schemaOf } from '../../testing/random-batch.ts'
import { builderValue } from '../../testing/read-back.ts'
import { TableAppender } from './table-appender.ts'
import type { AppendMethod } from './table-appender.ts'

let instance: DuckDBInstance
let connection: DuckDBConnection

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  connection = await instance.connect()
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

const table = { schema: 'main', identifier: 'appended' }

async function createTable(types: readonly ColumnType[]): Promise<void> {
  await connection.run('DROP TABLE IF EXISTS appended')
  const columns = types.map((type, index) => ({ name: `c${index}`, sqlType: duckdbDialect.sqlTypeOf(type) }))
  await connection.run(duckdbDialect.createTable(table, columns))
}

async function append(
  types: readonly ColumnType[],
  columns: readonly ColumnData[],
  rows: number,
  method: AppendMethod,
) {
  const appender = await TableAppender.open(connection, table, types, method)
  appender.append(
    columns.map((column) => ({ kind: 'rows', column })),
    rows,
  )
  appender.close()
}

/** The table's rows in order, as texts of `formatValue`. */
async function readTexts(types: readonly ColumnType[]): Promise<(string | null)[][]> {
  const reader = await connection.runAndReadAll('SELECT * FROM appended')
  return textsOf(
    batchOf(
      schemaOf(types),
      reader.getRows().map((row) => row.map(builderValue)),
    ),
  )
}

function textsOf(batch: ChangeBatch): (string | null)[][] {
  expect(batch.unrepresentable).toEqual([])
  return Array.from({ length: batch.records.numRows }, (_, row) =>
    batch.records.data.children.map((data, column) => formatValue(typeAt(batch, column), data, row)),
  )
}

/** The type of a column that is there. */
function typeAt({ schema }: ChangeBatch, index: number): ColumnType {
  const column = schema.columns.at(index)
  if (column === undefined) throw new RangeError(`no column ${index}`)
  return column.type
}

function viewColumns(batch: ChangeBatch): ColumnData[] {
  return batch.records.data.children.map(viewColumn)
}

describe.each(['raw', 'values'] as const)('TableAppender by %s', (method) => {
  it.each(everyType.map((type) => [formatColumnType(type), type] as const))('keeps every %s', async (_, type) => {
    const types = [type]
    const property = fc.asyncProperty(arbitraryRows(types, 60), async (rows) => {
      const batch = batchOf(schemaOf(types), rows)
      await createTable(types)
      await append(types, viewColumns(batch), rows.length, method)
      expect(await readTexts(types)).toEqual(textsOf(batch))
    })
    await fc.assert(property, { numRuns: 25 })
  })

  it('keeps rows of all types at once, in order, over many chunks', async () => {
    const rows = fc.sample(arbitraryRows(everyType, 40), { numRuns: 60, seed: 7 }).flat()
    const many = Array.from({ length: Math.ceil(5000 / rows.length) }, () => rows).flat()
    const batch = batchOf(schemaOf(everyType), many)
    await createTable(everyType)
    await append(everyType, viewColumns(batch), many.length, method)
    expect(await readTexts(everyType)).toEqual(textsOf(batch))
  })

  it('honours slices, whose bits begin in the middle of a byte, by view and by copy', async () => {
    const slice = fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 40 }))
    const property = fc.asyncProperty(arbitraryRows(everyType, 40), slice, slice, async (rows, first, second) => {
      const whole = batchOf(schemaOf(everyType), rows)
      // A slice of a slice, since distances add up.
      const [from, to] = first.toSorted((a, b) => a - b)
      const outer = whole.records.slice(from, to)
      const [begin, end] = second.toSorted((a, b) => a - b)
      const records = outer.slice(begin, end)
      const batch = { ...whole, records }
      const views = viewColumns(batch)
      const copies = views.map((view, index) => copyColumn(typeAt(batch, index), view))
      await createTable(everyType)
      await append(everyType, views, records.numRows, method)
      await append(everyType, copies, records.numRows, method)
      expect(await readTexts(everyType)).toEqual([...textsOf(batch), ...textsOf(batch)])
    })
    await fc.assert(property, { numRuns: 15 })
  })

  it('keeps lists of more elements than a chunk has rows', async () => {
    const types: ColumnType[] = [
      { type: 'list', element: { type: 'text' } },
      { type: 'list', element: { type: 'list', element: { type: 'int64' } } },
    ]
    const element = fc.option(fc.constantFrom('short', 'longer than twelve bytes'), { freq: 3 })
    const texts = fc.sample(element, { numRuns: 20_000, seed: 3 })
    const lists = Array.from({ length: 3000 }, (_, index) => (index % 7 === 0 ? null : [BigInt(index), null]))
    const rows = [
      [texts, lists],
      [null, [null, []]],
      [[], lists],
      [texts.toReversed(), null],
    ]
    const batch = batchOf(schemaOf(types), rows)
    await createTable(types)
    await append(types, viewColumns(batch), rows.length, method)
    expect(await readTexts(types)).toEqual(textsOf(batch))
  })

  it.each([
    ['int16', 'int32'],
    ['int32', 'int64'],
    ['float32', 'float64'],
  ] as const)('lets DuckDB widen %s to %s', async (narrow, wide) => {
    const rows = fc.sample(arbitraryValue({ type: narrow }), { numRuns: 50, seed: 1 }).map((value) => [value])
    const batch = batchOf(schemaOf([{ type: narrow }]), rows)
    await createTable([{ type: wide }])
    await append([{ type: narrow }], viewColumns(batch), rows.length, method)
    const wider = batchOf(schemaOf([{ type: wide }]), rows)
    expect(await readTexts([{ type: wide }])).toEqual(textsOf(wider))
  })

  it('lets DuckDB widen decimals, and the elements of lists', async () => {
    const narrow: ColumnType[] = [
      { type: 'decimal', precision: 4, scale: 2 },
      { type: 'list', element: { type: 'int16' } },
    ]
    const wide: ColumnType[] = [
      { type: 'decimal', precision: 20, scale: 5 },
      { type: 'list', element: { type: 'int64' } },
    ]
    const batch = batchOf(schemaOf(narrow), [
      ['99.99', [1, null]],
      ['-0.01', []],
      [null, null],
    ])
    await createTable(wide)
    await append(narrow, viewColumns(batch), 3, method)
    expect(await readTexts(wide)).toEqual([
      ['99.99000', '{1,NULL}'],
      ['-0.01000', '{}'],
      [null, null],
    ])
  })
})
