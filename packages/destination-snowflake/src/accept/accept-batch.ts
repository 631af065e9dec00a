import type { ChangeBatch, ConfiguredStream } from '@eclusa/sdk'
import type { RecordBatch } from 'apache-arrow'

export interface AcceptOptions {
  readonly configured: ConfiguredStream
  readonly runId: string
  readonly generationId: number
  /** How the commit's raw ids begin (all but the last ten digits), and the number of the batch's first row in it. */
  readonly rawIds: { readonly prefix: string; readonly first: number }
  readonly nowMs: number
  /** The longest text or JSON that the account's columns hold, in bytes; half of it is the longest binary. */
  readonly valueBytesMax: number
  /** Of rows that are merged. Absent: no columns of the change itself. */
  readonly merged?: {
    /** The number that `_eclusa_row` begins with. */
    readonly firstRow: number
    /** Words of `_eclusa_unchanged_<n>`, see UnchangedMarks; undefined for one without any bit. */
    readonly unchangedWords: readonly (Int32Array | undefined)[]
  }
}

export interface AcceptedRows {
  /**
   * In this order: the stream's columns; `_ab_cdc_lsn`, `_ab_cdc_order`, `_ab_cdc_updated_at`, `_ab_cdc_deleted_at` where the
   * batch has changes or was copied at a position; `_airbyte_raw_id`, `_airbyte_extracted_at`, `_airbyte_meta`,
   * `_airbyte_generation_id`; with `merged` `_eclusa_operation`, `_eclusa_row`, `_eclusa_unchanged_0`, …
   */
  readonly rows: RecordBatch
  /** Values that Snowflake cannot hold, beside those that the source had marked: NULL, their text in `_airbyte_meta`. */
  readonly unheldCount: number
}

/** The fields of a batch's data columns keep the names of the stream. */
export type AcceptBatch = (batch: ChangeBatch, options: AcceptOptions) => AcceptedRows
