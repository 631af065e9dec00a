import { EclusaError } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import type { BufferPool } from './buffer-pool.ts'
import type { ColumnCodec } from './column-codec.ts'

export interface TextBatchBuilderOptions {
  readonly stream: StreamName
  readonly schema: StreamSchema
  /** One per column of `schema`, in order. */
  readonly codecs: readonly ColumnCodec[]
  readonly budget: ByteBudget
  readonly pool?: BufferPool
}

/** Gathers rows whose values came as text (pg-query-stream, rowMode `array`, no parsers) into batches. */
export interface TextBatchBuilder {
  /**
   * Adds a row: one text per column as PostgreSQL prints it under `sessionSettings`, or null. Returns a batch when
   * one is complete: send it on before the next call.
   */
  append(values: readonly (string | null)[]): ChangeBatch | undefined
  /** The rows not yet returned, or undefined when there are none. The builder can be used again afterwards. */
  finish(): ChangeBatch | undefined
}

/** @throws POSTGRES_VALUE_MALFORMED from `append` when a text is not what the column's type prints. */
export function createTextBatchBuilder(options: TextBatchBuilderOptions): TextBatchBuilder {
  throw new EclusaError('INTERNAL', { message: `Rows of ${options.stream.name} cannot be gathered yet.` })
}
