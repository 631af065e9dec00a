import bindings from '@duckdb/node-bindings'
import { DuckDBDataChunk } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import type { ColumnData } from './column-data.ts'
import { duckdbTypeOf } from './duckdb-type.ts'
import { vectorWriterOf } from './vector-writer.ts'

const column = (parts: Partial<ColumnData>): ColumnData => ({
  length: 8,
  bitOffset: 0,
  nullCount: 0,
  validity: undefined,
  values: undefined,
  offsets: undefined,
  elements: undefined,
  ...parts,
})

/** Writes eight rows. */
function write(type: ColumnType, parts: Partial<ColumnData>): void {
  const chunk = DuckDBDataChunk.create([duckdbTypeOf(type)], 8)
  vectorWriterOf(type)(bindings.data_chunk_get_vector(chunk.chunk, 0), column(parts), 0, 8)
}

const text: ColumnType = { type: 'text' }
const numbers: ColumnType = { type: 'int32' }
const offsets = Int32Array.from({ length: 9 }, (_, row) => row * 2)

it('lets nothing read beyond the memory of a column', () => {
  write(numbers, { values: new Uint8Array(32) })
  expect(() => write(numbers, { values: new Uint8Array(31) })).toThrow('values')
  expect(() => write({ type: 'boolean' }, { values: new Uint8Array(1), bitOffset: 1 })).toThrow('values')
  expect(() => write(numbers, { values: new Uint8Array(32), nullCount: 1, validity: new Uint8Array(0) })).toThrow(
    'validity',
  )
  write(text, { values: new Uint8Array(16).fill(65), offsets })
  expect(() => write(text, { values: new Uint8Array(15), offsets })).toThrow('values')
  expect(() => write(text, { values: new Uint8Array(16), offsets: offsets.subarray(1) })).toThrow('values')
  const list: ColumnType = { type: 'list', element: numbers }
  expect(() => write(list, { offsets: offsets.subarray(1) })).toThrow('offsets')
  expect(() => write(list, { offsets, elements: column({ values: new Uint8Array(63) }) })).toThrow('values')
})

it('lets nothing read a column whose buffer was given away', () => {
  const values = new Uint8Array(32)
  structuredClone(values, { transfer: [values.buffer] })
  expect(() => write(numbers, { values })).toThrow('values')
})
