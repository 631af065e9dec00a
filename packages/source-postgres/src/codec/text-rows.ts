import type { ByteBudget, ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import { BatchBuilder } from './batch-builder.ts'
import { createBufferPool } from './buffer-pool.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { ColumnCodec } from './column-codec.ts'
import { malformed } from './value-codec.ts'
import { valueFault } from './value-fault.ts'

export interface TextBatchBuilderOptions {
  readonly stream: StreamName
  readonly schema: StreamSchema
  /** One per column of `schema`, in order. */
  readonly codecs: readonly ColumnCodec[]
  readonly budget: ByteBudget
  /** Default: a pool of its own. */
  readonly pool?: BufferPool
}

/** Gathers rows whose values came as text (pg-query-stream, rowMode `array`, no parsers) into batches. */
export interface TextBatchBuilder {
  /**
   * Adds a row: one text per column as PostgreSQL prints it under `sessionSettings`, or null. Returns the batches that
   * it completes, to be sent on before the next call: the one it does not fit in, and its own, if it fills that alone.
   */
  append(values: readonly (string | null)[]): readonly ChangeBatch[]
  /** The rows not yet returned, or undefined when there are none. The builder can be used again afterwards. */
  finish(): ChangeBatch | undefined
}

/**
 * The Arrow values are identical to those of a table copy. The driver decodes texts before they get here: bytes of a
 * damaged database that are no UTF-8, which readCopy refuses, have become U+FFFD by then.
 *
 * @throws POSTGRES_VALUE_MALFORMED from `append` when a text is not what the column's type prints.
 */
export function createTextBatchBuilder(options: TextBatchBuilderOptions): TextBatchBuilder {
  const { schema, codecs, budget } = options
  const pool = options.pool ?? createBufferPool({ bytesMax: budget.bytesMax })
  const builder = new BatchBuilder({ ...options, pool })
  let rows = 0

  const finish = () => {
    if (rows === 0) return undefined
    const batch = builder.finish(rows)
    rows = 0
    return batch
  }

  return {
    append(values) {
      if (values.length !== codecs.length) throw malformed(`the row has ${values.length} values, not ${codecs.length}`)
      const isFull = rows === builder.rowsMax || builder.bytesUsed(rows) + textBytes(values) > builder.bytesMax
      const complete = isFull ? finish() : undefined
      if (rows === 0) builder.begin()
      appendRow(values, rows)
      rows++
      const own = builder.bytesUsed(rows) > builder.bytesMax ? finish() : undefined
      if (complete === undefined && own === undefined) return none
      return [complete, own].filter((batch) => batch !== undefined)
    },
    finish,
  }

  function appendRow(values: readonly (string | null)[], row: number): void {
    for (let index = 0; index < values.length; index++) {
      const column = builder.columns[index]!
      const value = values[index]!
      try {
        if (value === null) column.setNull(row)
        else codecs[index]!.value.decodeText(column, row, value)
      } catch (error) {
        throw valueFault(schema, index, error)
      }
    }
  }
}

const none: readonly ChangeBatch[] = []

/** About what a row adds to a batch beyond its fixed part. */
function textBytes(values: readonly (string | null)[]): number {
  let bytes = 0
  for (const value of values) if (value !== null) bytes += value.length
  return bytes
}
