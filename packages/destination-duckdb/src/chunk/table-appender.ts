import bindings from '@duckdb/node-bindings'
import type { DataChunk, Value, Vector } from '@duckdb/node-bindings'
import { DuckDBDataChunk } from '@duckdb/node-api'
import type { DuckDBAppender, DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import type { RelationName } from '@eclusa/warehouse'
import type { ColumnData } from './column-data.ts'
import { duckdbTypeOf } from './duckdb-type.ts'
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
const chunkRowsMax = bindings.vector_size()

/**
 * Appends batches to a table, in the transaction of its connection. Rows are buffered here until `flush`; they must be
 * flushed or discarded before the transaction ends, because a close would append them in a transaction of their own.
 */
export class TableAppender {
  readonly #appender: DuckDBAppender
  readonly #types: readonly ColumnType[]
  readonly #write: (slots: readonly SlotValues[], start: number, count: number) => void

  /** @param types of the slots, in the table's column order; DuckDB converts where the column's own type is wider. */
  static async open(
    connection: DuckDBConnection,
    table: RelationName,
    types: readonly ColumnType[],
    method: AppendMethod,
  ): Promise<TableAppender> {
    const appender = await connection.createAppender(table.identifier, table.schema, table.database ?? null)
    return new TableAppender(appender, types, method)
  }

  private constructor(appender: DuckDBAppender, types: readonly ColumnType[], method: AppendMethod) {
    this.#appender = appender
    this.#types = types
    this.#write = method === 'raw' ? this.#rawWriter() : (slots, start, count) => this.#writeValues(slots, start, count)
  }

  /** One slot for each column of the table. */
  append(slots: readonly SlotValues[], rowCount: number): void {
    for (let start = 0; start < rowCount; start += chunkRowsMax) {
      this.#write(slots, start, Math.min(chunkRowsMax, rowCount - start))
    }
  }

  flush(): void {
    this.#appender.flushSync()
  }

  /** Flushes and ends. */
  close(): void {
    this.#appender.closeSync()
  }

  /** Forgets what was not flushed and ends. */
  discard(): void {
    this.#appender.clear()
    this.#appender.closeSync()
  }

  #rawWriter(): (slots: readonly SlotValues[], start: number, count: number) => void {
    const writers: readonly VectorWriter[] = this.#types.map(vectorWriterOf)
    const chunk = DuckDBDataChunk.create(this.#types.map(duckdbTypeOf))
    return (slots, start, count) => {
      chunk.reset()
      chunk.rowCount = count
      for (const [index, slot] of slots.entries()) {
        writeSlot(vectorOf(chunk.chunk, index), slot, writers[index]!, start, count)
      }
      this.#appender.appendDataChunk(chunk)
    }
  }

  #writeValues(slots: readonly SlotValues[], start: number, count: number): void {
    const chunk = DuckDBDataChunk.create(this.#types.map(duckdbTypeOf), count)
    for (const [index, slot] of slots.entries()) {
      const valueAt = valueReaderOf(slot, this.#types[index]!)
      chunk.setColumnValues(
        index,
        Array.from({ length: count }, (_, row) => valueAt(start + row)),
      )
    }
    this.#appender.appendDataChunk(chunk)
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
