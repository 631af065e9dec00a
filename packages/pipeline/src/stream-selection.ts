import type { DestinationSyncMode, SchemaPolicy, SyncMode, UnrepresentablePolicy } from '@eclusa/sdk'

/** How streams are to be moved: what `StreamSelection` sets for its own and `defaults` for all. */
export interface StreamOptions {
  /** Default: `incremental` where a cursor is named or the source replicates the stream, else `full_refresh`. */
  readonly syncMode?: SyncMode
  /** Default: `overwrite` for a full refresh; for incremental `append_dedup` where there is a key, else `append`. */
  readonly destinationSyncMode?: DestinationSyncMode
  /** Default: `evolve`. */
  readonly schemaPolicy?: SchemaPolicy
  /** Default: `keep_text`: NULL, with the exact text in `_airbyte_meta.changes`. */
  readonly onUnrepresentable?: UnrepresentablePolicy
}

/**
 * Which streams, and how. `name` is a stream (`sales.orders`) or a pattern in which `*` stands for any characters
 * (`sales.*`); a leading `!` takes the matching streams out. An exact name wins over a pattern, a later pattern over
 * an earlier one.
 */
export interface StreamSelection extends StreamOptions {
  readonly name: string
  /** Column whose values grow with changes; makes the stream incremental. */
  readonly cursor?: string
  /** Columns that identify a row. Default: the primary key that the source reports. */
  readonly primaryKey?: readonly string[]
  /** `schema.table` or `table` at the destination. Default: the stream's own name. Not for patterns. */
  readonly target?: string
  /** Column types other than the source's own, as `formatColumnType` writes them: `{ amount: 'decimal(18,2)' }`. */
  readonly columns?: Readonly<Record<string, string>>
}

/** True when the pattern names this stream; `*` stands for any characters, everything else for itself. */
export function matchesPattern(pattern: string, key: string): boolean {
  const source = pattern.split('*').map(escapeForRegExp).join('.*')
  return new RegExp(`^${source}$`, 'su').test(key)
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}-]/gu, String.raw`\$&`)
}
