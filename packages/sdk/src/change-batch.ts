import type { RecordBatch } from 'apache-arrow'
import type { CopiedAt, RowChanges } from './row-change.ts'
import type { StreamName, StreamSchema } from './stream.ts'

/**
 * A value that its column type cannot hold. The column is NULL in the batch (or, where `change` says `TRUNCATED`, holds
 * what fits, such as an array without its lower bounds); the exact text is here and goes into `_airbyte_meta.changes`.
 */
export interface UnrepresentableValue {
  /** Index of the row within the batch. */
  readonly row: number
  readonly column: string
  /** Airbyte's meta.changes vocabulary. */
  readonly change: 'NULLED' | 'TRUNCATED'
  /** Why, in a few words for a person: `numeric NaN does not fit decimal(12,2)`. */
  readonly reason: string
  /** The exact value as the source prints it. */
  readonly text: string
}

/**
 * Rows of one stream as an Arrow record batch; its fields are `schema.columns` in that order.
 * Bounded by the source: at most about 32k rows or 16 MiB, whichever comes first (one larger row travels alone).
 */
export interface ChangeBatch {
  readonly stream: StreamName
  readonly schema: StreamSchema
  readonly records: RecordBatch
  /** Bytes of all buffers: what budgets count. */
  readonly byteLength: number
  readonly unrepresentable: readonly UnrepresentableValue[]
  /** Of a replicated stream: what its rows say. Absent: they are rows as such, none of which the destination has yet. */
  readonly changes?: RowChanges
  /** Of a replicated stream's table copy. */
  readonly copiedAt?: CopiedAt
  /**
   * Present when the batch alone owns its buffers: the consumer may transfer them to another thread, and gives them
   * back (in any order) by calling this once when it needs them no more. Absent: the buffers may be shared; copy.
   */
  readonly recycle?: (buffers: ArrayBuffer[]) => void
}
