import bindings from '@duckdb/node-bindings'
import type { DataChunk, Value, Vector } from '@duckdb/node-bindings'
import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import type { ColumnData } from './column-data.ts'
import { readValue } from './read-value.ts'
import { vectorWriterOf } from './vector-writer.ts'
import type { VectorWriter } from './vector-writer.ts'

/** What a column of the table gets from a batch: rows of their own, one value for all rows, or NULL. */
export type SlotValues =
  | { readonly kind: 'rows'; readonly column: ColumnData }
  | { readonly kind: 'constant'; readonly value: Exclude<DuckDBValue, null>; readonly native: Value }
  | { readonly kind: 'null' }

/** `raw` copies memory; `values` hands over one value at a time: slower, and without any assumption on DuckDB's memory. */
export type AppendMethod = 'raw' | 'values'

/** DuckDB's own size of a data chunk (STANDARD_VECTOR_SIZE). */
export const chunkRowsMax = bindings.vector_size()

/** Fills DuckDB's chunks from the columns of batches. */
export class ChunkWriter {
  readonly types: readonly ColumnType[]
  readonly #writers: readonly VectorWriter[]
  readonly #method: AppendMethod

  /** @param types of the slots, in the table's column order; DuckDB converts where the column's own type is wider. */
  constructor(types: readonly ColumnType[], method: AppendMethod) {
    this.types = types
    this.#writers = types.map(vectorWriterOf)
    this.#method = method
  }

  /** Rows `start` to `start + count`; one slot for each column. */
  write(chunk: DuckDBDataChunk, slots: readonly SlotValues[], start: number, count: number): void {
    chunk.rowCount = count
    for (const [index, slot] of slots.entries()) {
      if (this.#method === 'raw') writeSlot(vectorOf(chunk.chunk, index), slot, this.#writers[index]!, start, count)
      else chunk.setColumnValues(index, this.#valuesOf(slot, index, start, count))
    }
  }

  #valuesOf(slot: SlotValues, index: number, start: number, count: number): DuckDBValue[] {
    const valueAt = valueReaderOf(slot, this.types[index]!)
    return Array.from({ length: count }, (_, row) => valueAt(start + row))
  }
}

function vectorOf(chunk: DataChunk, index: number): Vector {
  return bindings.data_chunk_get_vector(chunk, index)
}

function writeSlot(vector: Vector, slot: SlotValues, write: VectorWriter, start: number, count: number): void {
  if (slot.kind === 'rows') write(vector, slot.column, start, count)
  else if (slot.kind === 'constant') bindings.vector_reference_value(vector, slot.native)
  else writeNulls(vector, count)
}

const noneValid = new ArrayBuffer(chunkRowsMax >> 3)

function writeNulls(vector: Vector, count: number): void {
  bindings.vector_ensure_validity_writable(vector)
  bindings.copy_data_to_vector_validity(vector, 0, noneValid, 0, (count + 7) >> 3)
}

function valueReaderOf(slot: SlotValues, type: ColumnType): (row: number) => DuckDBValue {
  if (slot.kind === 'rows') return (row) => readValue(type, slot.column, row)
  if (slot.kind === 'constant') return () => slot.value
  return () => null
}
