import type { z } from 'zod'
import type { ChangeBatch } from './change-batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { CheckResult } from './check-result.ts'
import type { ConnectorContext, TruncateChange } from './source.ts'
import type { ConfiguredCatalog, StreamName } from './stream.ts'
import type { Warehouse } from './warehouse.ts'

/** What a destination is given to open a session, or to plan one. */
export interface WriteRequest<Config> extends ConnectorContext {
  readonly config: Config
  readonly catalog: ConfiguredCatalog
  /** Owns the checkpoints in the destination: two pipelines may write to one warehouse. */
  readonly pipeline: string
  readonly runId: string
  /** Bytes that the destination may hold in batches it accepted and did not commit to disk yet. */
  readonly bytesMax: number
}

/** Values of one stream that are NULL at the destination, with their exact text beside their row. */
export interface UnheldValues {
  readonly stream: StreamName
  readonly values: number
}

/** What one commit made durable. */
export interface Commit {
  /** Grows by one per commit of a pipeline, over all its runs: with pipeline, the identity of the commit. */
  readonly sequence: number
  readonly rows: number
  readonly bytes: number
  readonly durationMs: number
  /** How many values of which streams the destination could not hold, beside those marked in the batches. Default: none. */
  readonly unrepresentable?: readonly UnheldValues[]
}

/** A statement that opening the destination would run. */
export interface PlannedStatement {
  readonly stream: StreamName
  readonly sql: string
  /** Why, for a person: `new table`, `column "vat" is new in the source`. */
  readonly reason: string
}

/**
 * An open destination of one run; at most one per pipeline at a time (a second one fails with DESTINATION_BUSY).
 *
 * Two outcomes, never mixed. *Accepted*: `write` resolved; the session owns the bytes, back-pressure is the promise
 * that has not resolved yet, progress must not advance. *Durable*: `commit` resolved; every batch accepted before it
 * and the given checkpoints are stored in one transaction, so a crash at any instruction leaves both or neither.
 * Calls are made one at a time, in the order of the source's messages. Disposing without a commit discards what was
 * accepted since the last one.
 */
export interface DestinationSession extends AsyncDisposable {
  /** The checkpoints of the last durable commit of this pipeline; empty when there is none. */
  readonly checkpoints: readonly Checkpoint[]
  /**
   * Streams of the catalog of which there is nothing, or nothing any more: their tables were dropped, or their targets
   * moved. They are read from their first row, also where an unfinished sync had completed them. Default: none.
   */
  readonly missing?: readonly StreamName[]
  /**
   * Streams whose stored checkpoint cannot be read; it is not among `checkpoints`, and goes when the stream is started
   * from its first row. Default: none.
   */
  readonly damaged?: readonly StreamName[]
  /**
   * Prepares the stream: `resumed` goes on with what earlier commits of this refresh wrote, else it starts empty. An
   * incremental stream that is read on from its checkpoint is resumed; one that is not is read from its first row on.
   */
  startStream(stream: StreamName, options: { readonly resumed: boolean }): Promise<void>
  /** Takes back everything of an unfinished stream, committed or not. */
  restartStream(stream: StreamName): Promise<void>
  write(batch: ChangeBatch): Promise<void>
  /** The table copy of a replicated stream is whole: the next commit makes it visible, atomically. */
  copiedStream(stream: StreamName): Promise<void>
  /** Removes all rows that a replicated stream has so far, in order with its batches. */
  truncateStream(stream: StreamName, change: TruncateChange): Promise<void>
  /** Marks the stream complete: the next commit makes a full refresh visible, atomically. */
  completeStream(stream: StreamName): Promise<void>
  commit(checkpoints: readonly Checkpoint[]): Promise<Commit>
}

/**
 * A session as its author writes it: `defineDestination` makes a `DestinationSession` of it. What is left out does
 * nothing; rows, bytes and duration of a commit are counted when `commit` does not tell them.
 */
export interface AuthoredSession
  extends
    Pick<DestinationSession, 'checkpoints' | 'startStream' | 'restartStream' | 'write'>,
    Partial<
      Pick<DestinationSession, 'missing' | 'damaged' | 'completeStream' | 'copiedStream' | 'truncateStream'> &
        AsyncDisposable
    > {
  commit(checkpoints: readonly Checkpoint[]): Promise<Pick<Commit, 'sequence'> & Partial<Commit>>
}

/** The typed functions that make a destination. */
export interface DestinationDefinition<Schema extends z.ZodType> {
  readonly name: string
  readonly version: string
  readonly config: Schema
  readonly syncModes: readonly ('overwrite' | 'append' | 'append_dedup')[]
  /** `exactly_once` promises data and checkpoint in one transaction; `at_least_once` deduplicates by key at best. */
  readonly delivery: 'exactly_once' | 'at_least_once'
  /** Understands the changes of replicated streams: updates, deletes, unchanged values, `truncateStream`. Default: false. */
  readonly appliesChanges?: boolean
  check(config: z.output<Schema>, context: ConnectorContext): Promise<CheckResult>
  /** What `open` would change, without changing it. Absent: nothing that could be told as SQL. */
  plan?(request: WriteRequest<z.output<Schema>>): Promise<readonly PlannedStatement[]>
  open(request: WriteRequest<z.output<Schema>>): Promise<AuthoredSession>
  /** The warehouse that steps run in; absent where there is none. Never opened while a session is open. */
  openWarehouse?(config: z.output<Schema>, context: ConnectorContext): Promise<Warehouse>
}

/** A destination together with its parsed configuration. */
export interface ConfiguredDestination {
  readonly name: string
  readonly version: string
  readonly secrets: readonly string[]
  readonly syncModes: readonly ('overwrite' | 'append' | 'append_dedup')[]
  readonly delivery: 'exactly_once' | 'at_least_once'
  readonly appliesChanges: boolean
  check(context: ConnectorContext): Promise<CheckResult>
  plan(request: Omit<WriteRequest<unknown>, 'config'>): Promise<readonly PlannedStatement[]>
  open(request: Omit<WriteRequest<unknown>, 'config'>): Promise<DestinationSession>
  openWarehouse?(context: ConnectorContext): Promise<Warehouse>
}

/** A connector: call it with a configuration to get something a pipeline can run. */
export interface Destination<Schema extends z.ZodType = z.ZodType> {
  (config: z.input<Schema>): ConfiguredDestination
  readonly definition: DestinationDefinition<Schema>
}
