import { arrowTypeOf, parseColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import { makeData, vectorFromArray } from 'apache-arrow'
import type { DataType } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { arbitraryRows, batchOf, everyType, schemaOf } from '../../testing/random-batch.ts'
import * as fc from 'fast-check'
import { viewColumn } from './column-data.ts'
import type { ColumnData } from './column-data.ts'
import { findMisfits } from './misfit.ts'

function typeOf(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`no column type: ${text}`)
  return type
}

/** A column of raw 64-bit (or 32-bit) values, as a careless source might fill it. */
function columnOf(type: ColumnType, values: readonly bigint[]): ColumnData {
  const arrow: DataType = arrowTypeOf(type)
  const data = type.type === 'date' ? Int32Array.from(values, Number) : BigInt64Array.from(values)
  return { ...viewColumn(makeData({ type: arrow as never, length: values.length, data: data as never })) }
}

const usMax = 86_400_000_000n
const packed = (us: bigint, offset: bigint) => (us << 24n) | offset

describe('findMisfits', () => {
  it('finds none in what a source can rightly send', () => {
    const property = fc.property(arbitraryRows(everyType, 20), (rows) => {
      const batch = batchOf(schemaOf(everyType), rows)
      const found = batch.records.data.children.map((data, index) =>
        findMisfits(everyType.at(index) ?? { type: 'text' }, viewColumn(data)),
      )
      expect(found.filter((misfits) => misfits !== undefined)).toEqual([])
    })
    fc.assert(property, { numRuns: 50 })
  })

  it.each([
    ['time', [0n, usMax, usMax + 1n, -1n, 2n ** 62n], [2, 3, 4]],
    [
      'timestamp',
      [-9_223_372_022_400_000_000n, -9_223_372_022_400_000_001n, -(2n ** 63n), -(2n ** 63n) + 1n, 2n ** 63n - 1n],
      [1, 2],
    ],
    ['timestamptz', [-9_223_372_022_400_000_001n, 0n, -(2n ** 63n)], [0, 2]],
    ['timetz', [packed(usMax, 0n), packed(usMax + 1n, 0n), packed(0n, 115_198n), packed(0n, 115_199n), -1n], [1, 3, 4]],
    ['date', [-(2n ** 31n), -(2n ** 31n) + 1n, 2n ** 31n - 1n], [0]],
    ['decimal(4,2)', [9999n, -9999n, 10_000n, -10_000n, 2n ** 32n + 1n, 2n ** 63n - 1n], [2, 3, 4, 5]],
    ['decimal(9,0)', [999_999_999n, 1_000_000_000n, -1_000_000_000n], [1, 2]],
  ])('finds values of %s that DuckDB cannot hold', (type, values, rows) => {
    expect(findMisfits(typeOf(type), columnOf(typeOf(type), values))?.rows).toEqual(rows)
  })

  it('finds text that is no UTF-8, which DuckDB would turn into NULL', () => {
    const values = new Uint8Array([0x61, 0xff, 0xc3, 0xa9, 0xc3, 0xa9])
    const offsets = new Int32Array([0, 1, 2, 4, 5, 6])
    const column = { ...viewColumn(vectorFromArray(['']).data[0] as never), length: 5, values, offsets }
    // The last two are the halves of one letter: together they are UTF-8, apart they are not.
    expect(findMisfits({ type: 'text' }, column)?.rows).toEqual([1, 3, 4])
  })

  it('counts a list as unfit when one of its elements is', () => {
    const elements = columnOf({ type: 'time' }, [0n, -1n, 5n])
    const list: ColumnData = {
      length: 3,
      bitOffset: 0,
      nullCount: 0,
      validity: undefined,
      values: undefined,
      offsets: new Int32Array([0, 1, 1, 3]),
      elements,
    }
    expect(findMisfits({ type: 'list', element: { type: 'time' } }, list)?.rows).toEqual([2])
  })

  it('takes no notice of what lies below a NULL', () => {
    const column = columnOf({ type: 'time' }, [-1n, -1n])
    const nulled: ColumnData = { ...column, nullCount: 1, validity: new Uint8Array([0b10]) }
    expect(findMisfits({ type: 'time' }, nulled)?.rows).toEqual([1])
  })
})
