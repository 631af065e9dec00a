import type { ColumnType } from './column-type.ts'

/** Airbyte's stream descriptor: a name, and the schema (namespace) that holds it where the system has schemas. */
export interface StreamName {
  readonly namespace?: string
  readonly name: string
}

/** A column of a stream. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  /** The type as the source calls it, for messages and documentation: `numeric(12,2)`, `hstore`. */
  readonly sourceType?: string
}

/** An ordered list of columns. `version` grows by one whenever the columns change within a run; it starts at 1. */
export interface StreamSchema {
  readonly version: number
  readonly columns: readonly Column[]
}

/** How the source reads a stream: everything each time, or what is new since the checkpoint. */
export type SyncMode = 'full_refresh' | 'incremental'

/** What the destination makes of it. `overwrite` replaces atomically; `append_dedup` keeps the last row of each key. */
export type DestinationSyncMode = 'overwrite' | 'append' | 'append_dedup'

/** What to do when the source's columns are no longer the destination's. */
export type SchemaPolicy = 'evolve' | 'freeze' | 'discard'

/** What to do with a value that the destination's type cannot hold. */
export type UnrepresentablePolicy = 'keep_text' | 'fail'

/** What kind of relation a stream is read from; it decides which sync modes it can have. */
export type StreamKind = 'table' | 'partitioned_table' | 'view' | 'materialized_view' | 'foreign_table' | 'query'

/**
 * Whether an incremental read needs a column that the user names as its cursor. Airbyte's source_defined_cursor is true
 * of `optional` and `none`.
 *
 * - `required`: the source goes by such a column alone.
 * - `optional`: the source knows by itself what is new; a column that is named says which row of a key is the last.
 * - `none`: the source knows by itself, and what the user names is refused.
 */
export type CursorChoice = 'required' | 'optional' | 'none'

/** A stream as the source has it. */
export interface DiscoveredStream {
  readonly stream: StreamName
  readonly kind: StreamKind
  readonly schema: StreamSchema
  readonly syncModes: readonly SyncMode[]
  /** Columns of the primary key, in key order; empty when there is none. */
  readonly primaryKey: readonly string[]
  /** Columns that can serve as cursor: their values are ordered and grow with changes. */
  readonly cursorCandidates: readonly string[]
  /** Default: `required`. */
  readonly cursorChoice?: CursorChoice
  /**
   * True when an incremental read without a cursor yields the changes of the table (`ChangeBatch.changes`), deletes among
   * them, in the order of their commits. Default: false.
   */
  readonly isReplicated?: boolean
  /** The cursor of an incremental read where the user names none (Airbyte's default_cursor_field). Default: none. */
  readonly defaultCursor?: string
  /** True when a full refresh that was interrupted goes on where it stopped. */
  readonly isResumable: boolean
  /** The source's own estimate, from its statistics; undefined when it has none. */
  readonly rowsEstimated?: number
  readonly bytesEstimated?: number
  /** What a reader should know before choosing this stream: hidden rows, unlogged table, columns left out. */
  readonly notes: readonly string[]
}

/** The streams that a source has. */
export interface DiscoveredCatalog {
  readonly streams: readonly DiscoveredStream[]
}

/** One stream as the pipeline's author wants it, resolved against what the source discovered. */
export interface ConfiguredStream extends DiscoveredStream {
  readonly syncMode: SyncMode
  readonly destinationSyncMode: DestinationSyncMode
  /** Set when syncMode is incremental by cursor: what the user named, or `defaultCursor`. */
  readonly cursorColumn?: string
  /** Where the destination puts it. Resolved by the pipeline: no two streams share one target. */
  readonly target: StreamName
  readonly schemaPolicy: SchemaPolicy
  readonly onUnrepresentable: UnrepresentablePolicy
}

/** True when the stream arrives as changes: of a table that is replicated, read incrementally without a cursor. */
export function arrivesAsChanges({ isReplicated, syncMode, cursorColumn }: ConfiguredStream): boolean {
  return isReplicated === true && syncMode === 'incremental' && cursorColumn === undefined
}

/** The streams that a run moves. */
export interface ConfiguredCatalog {
  readonly streams: readonly ConfiguredStream[]
}

/** One string per stream for maps and messages: `public.orders`, or `orders` where there is no namespace. */
export function streamKey(stream: StreamName): string {
  return stream.namespace === undefined ? stream.name : `${stream.namespace}.${stream.name}`
}
