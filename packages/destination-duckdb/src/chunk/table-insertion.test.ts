import { formatColumnType, formatValue } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType } from '@eclusa/sdk'
import { duckdbDialect, openDuckDb } from '@eclusa/warehouse'
import type { DuckDbSession, DuckDbWarehouse } from '@eclusa/warehouse'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyColumn, viewColumn } from './column-data.ts'
import type { ColumnData } from './column-data.ts'
import { arbitraryRows, arbitraryValue, batchOf, everyType, schemaOf } from '../../testing/random-batch.ts'
import { builderValue } from '../../testing/read-back.ts'
import { LoadLimits } from './load-limits.ts'
import { RowFeed } from './row-feed.ts'
import { TableInsertion } from './table-insertion.ts'

let warehouse: DuckDbWarehouse
let session: DuckDbSession
let inserting: { session: DuckDbSession; feed: RowFeed; limits: LoadLimits }

beforeAll(async () => {
  warehouse = await openDuckDb({ path: ':memory:', threads: 2 })
  session = await warehouse.connect()
  await session.query('SET preserve_insertion_order = false')
  inserting = {
    session,
    feed: RowFeed.register(session.native),
    limits: await LoadLimits.of(await warehouse.connect(), {
      columns: 8,
      configuredMemory: undefined,
      watchCores: () => ({ count: () => 1 }),
    }),
  }
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

const table = { schema: 'main', identifier: 'appended' }

async function createTable(types: readonly ColumnType[]): Promise<void> {
  await session.query('DROP TABLE IF EXISTS appended')
  const columns = types.map((type, index) => ({ name: `c${index}`, sqlType: duckdbDialect.sqlTypeOf(type) }))
  await session.query(duckdbDialect.createTable(table, columns))
}

async function append(
  types: readonly ColumnType[],
  columns: readonly ColumnData[],
  rows: number,
  method: 'raw' | 'values',
) {
  const insertion = new TableInsertion({ ...inserting, method }, table, types)
  await insertion.append(slotsOf(columns), rows)
  await insertion.finish()
}

function slotsOf(columns: readonly ColumnData[]) {
  return columns.map((column) => ({ kind: 'rows', column }) as const)
}

/** The table's rows in order, as texts of `formatValue`. */
async function readTexts(types: readonly ColumnType[]): Promise<(string | null)[][]> {
  const reader = await session.native.runAndReadAll('SELECT * FROM appended')
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

describe.each(['raw', 'values'] as const)('TableInsertion by %s', (method) => {
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

  it('keeps texts of every length around the longest that has no pointer, last in their chunk', async () => {
    const types: ColumnType[] = Array.from({ length: 16 }, () => ({ type: 'text' }))
    const row = types.map((_, length) => 'zyxwvutsrqponmlk'.slice(0, length))
    for (const rows of [[row], [row.toReversed(), row], [row, row.toReversed(), row]]) {
      const batch = batchOf(schemaOf(types), rows)
      await createTable(types)
      await append(types, viewColumns(batch), rows.length, method)
      expect(await readTexts(types)).toEqual(textsOf(batch))
    }
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

describe('TableInsertion', () => {
  const types: ColumnType[] = [{ type: 'int64' }, { type: 'text' }]
  const batchRows = 30_000

  /** Batches of numbers that go on from one to the next. */
  function numbered(batches: number): ColumnData[][] {
    return Array.from({ length: batches }, (_, batch) => {
      const rows = Array.from({ length: batchRows }, (_row, row) => [BigInt(batch * batchRows + row), `row ${row}`])
      return viewColumns(batchOf(schemaOf(types), rows))
    })
  }

  async function countRows(): Promise<unknown> {
    const { rows } = await session.query('SELECT count(*), count(DISTINCT c0), sum(c0) FROM appended')
    return rows[0]?.map(String)
  }

  async function appendAll(insertion: TableInsertion, batches: readonly ColumnData[][]): Promise<Set<number>> {
    const threads = new Set<number>()
    const appended = batches.map(async (columns) => {
      await insertion.append(slotsOf(columns), batchRows)
      threads.add(insertion.threads)
    })
    await Promise.all(appended)
    return threads
  }

  it('inserts each row once with all threads when many rows are there from the start', async () => {
    await createTable(types)
    const limits = { threadsMax: 2, threadsAvailable: () => 1, beginInserting: async () => {} }
    const insertion = new TableInsertion({ ...inserting, limits, method: 'raw' }, table, types)
    const threads = await appendAll(insertion, numbered(3))
    await insertion.finish()
    const count = 3 * batchRows
    expect(await countRows()).toEqual([String(count), String(count), String((count * (count - 1)) / 2)])
    expect([...threads]).toEqual([2])
  })

  it('inserts each row once when batches pile up later and idle cores take part', async () => {
    await createTable(types)
    const insertion = new TableInsertion({ ...inserting, method: 'raw' }, table, types)
    const [first, ...others] = numbered(12)
    const firstThreads = await appendAll(insertion, first === undefined ? [] : [first])
    const threads = await appendAll(insertion, others)
    await insertion.finish()
    const count = 12 * batchRows
    expect(await countRows()).toEqual([String(count), String(count), String((count * (count - 1)) / 2)])
    expect(firstThreads).toEqual(new Set([1]))
    expect(threads).toContain(2)
  })

  it('inserts each row once when every batch comes after the one before was taken', async () => {
    await createTable(types)
    const insertion = new TableInsertion({ ...inserting, method: 'raw' }, table, types)
    for (const columns of numbered(4)) await insertion.append(slotsOf(columns), batchRows)
    await insertion.finish()
    expect(await countRows()).toEqual(['120000', '120000', String((120_000 * 119_999) / 2)])
  })

  it('tells what went wrong to whoever waits and whoever comes later', async () => {
    await createTable(types)
    const insertion = new TableInsertion({ ...inserting, method: 'raw' }, table, [...types, { type: 'int16' }])
    const columns = numbered(1).flat()
    const both = [insertion.append(slotsOf(columns), batchRows), insertion.append(slotsOf(columns), batchRows)]
    for (const appended of both) await expect(appended).rejects.toThrow('has 2 columns but 3 values were supplied')
    await expect(insertion.append(slotsOf(columns), batchRows)).rejects.toThrow('3 values')
    await expect(insertion.finish()).rejects.toThrow('3 values')
  })

  it('forgets what DuckDB has not asked for yet', async () => {
    await createTable(types)
    await session.query('BEGIN')
    const insertion = new TableInsertion({ ...inserting, method: 'raw' }, table, types)
    const appended = numbered(12).map((columns) => insertion.append(slotsOf(columns), batchRows))
    await appended[0]
    await insertion.discard()
    await Promise.all(appended)
    await session.query('ROLLBACK')
    expect(await countRows()).toEqual(['0', '0', 'null'])
  })
})
