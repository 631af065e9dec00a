import type { z } from 'zod'
import type { ChangeBatch } from './change-batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { CheckResult } from './check-result.ts'
import type { CopiedAt } from './row-change.ts'
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

/** What a destination holds of a pipeline's earlier commits. */
export interface StoredProgress {
  readonly checkpoints: readonly Checkpoint[]
  /** Absent before the first one. */
  readonly lastCommit?: Pick<Commit, 'sequence' | 'rows' | 'bytes'> & {
    readonly runId: string
    /** Milliseconds since 1970. */
    readonly atMs: number
  }
  /** Streams of which there is a table, each with the last commit that had rows of it. */
  readonly streams: readonly { readonly stream: StreamName; readonly table: string; readonly lastRowsAtMs?: number }[]
}

/** Whose progress is meant. */
export interface ProgressRequest extends ConnectorContext {
  readonly pipeline: string
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
   * Streams of the catalog of which there is nothing, or nothing that could be gone on with: their tables were dropped, their
   * targets moved, their keys changed. They are read from their first row, also where an unfinished sync had completed them. Default: none.
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
  /**
   * The table copy of a replicated stream is whole: the next commit makes it visible, atomically. In a history that was
   * there before, rows that the copy does not have any more are then noted as deleted.
   *
   * @param at where all of it stands in the source's log; absent where it is of several moments.
   */
  copiedStream(stream: StreamName, at?: CopiedAt): Promise<void>
  /** Removes all rows that a replicated stream has so far, in order with its batches. */
  truncateStream(stream: StreamName, change: TruncateChange): Promise<void>
  /** Marks the stream complete: the next commit makes a full refresh visible, atomically. */
  completeStream(stream: StreamName): Promise<void>
  commit(checkpoints: readonly Checkpoint[]): Promise<Commit>
  /**
   * Lends the warehouse while the session is open: connections beside the session's own, which see what was committed.
   * May be called at any time, by several at once; disposing closes what was lent alone, as does the end of the session.
   */
  openWarehouse?(context: ConnectorContext): Promise<Warehouse>
}

/**
 * A session as its author writes it: `defineDestination` makes a `DestinationSession` of it. What is left out does
 * nothing; rows, bytes and duration of a commit are counted when `commit` does not tell them.
 */
export interface AuthoredSession
  extends
    Pick<DestinationSession, 'checkpoints' | 'startStream' | 'restartStream' | 'write'>,
    Partial<
      Pick<
        DestinationSession,
        'missing' | 'damaged' | 'completeStream' | 'copiedStream' | 'truncateStream' | 'openWarehouse'
      > &
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
  openWarehouse?(config: z.output<Schema>, request: WarehouseRequest): Promise<Warehouse>
  /**
   * What is stored of a pipeline, without changing anything; it may be asked while nobody has the destination open.
   * With `warehouse`, a borrowed one, it is asked there instead, also while a session is open.
   */
  progress?(
    config: z.output<Schema>,
    request: ProgressRequest & { readonly warehouse?: Warehouse },
  ): Promise<StoredProgress>
  /**
   * Forgets the checkpoints of these streams, in one transaction: the next run reads them from their first row, and
   * goes on with all others. Never called while a session is open.
   */
  forgetCheckpoints?(
    config: z.output<Schema>,
    request: ProgressRequest & { readonly streams: readonly StreamName[] },
  ): Promise<void>
}

/** What a warehouse is opened for. */
export interface WarehouseRequest extends ConnectorContext {
  /** Nothing may be changed, and others may read at the same time. Default: false. */
  readonly readOnly?: boolean
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
  openWarehouse?(request: WarehouseRequest): Promise<Warehouse>
  progress?(request: ProgressRequest & { readonly warehouse?: Warehouse }): Promise<StoredProgress>
  forgetCheckpoints?(request: ProgressRequest & { readonly streams: readonly StreamName[] }): Promise<void>
}

/** A connector: call it with a configuration to get something a pipeline can run. */
export interface Destination<Schema extends z.ZodType = z.ZodType> {
  (config: z.input<Schema>): ConfiguredDestination
  readonly definition: DestinationDefinition<Schema>
}
