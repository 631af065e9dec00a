import type { z } from 'zod'
import type { ByteBudget } from './byte-budget.ts'
import type { ChangeBatch } from './change-batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { CheckResult } from './check-result.ts'
import type { Log } from './log.ts'
import type { CopiedAt } from './row-change.ts'
import type { ReplicationLag, SourceReplication } from './source-replication.ts'
import type { ConfiguredCatalog, DiscoveredCatalog, StreamName } from './stream.ts'

/** What every call of a connector is given beside its configuration. */
export interface ConnectorContext {
  readonly signal: AbortSignal
  readonly log: Log
}

/** What a source is given to check. */
export interface CheckContext extends ConnectorContext {
  /**
   * The streams that the user has chosen, as far as `discover` shows them: what the check is then about. Default: unknown,
   * as for Airbyte's `check`, which asks about the source as a whole.
   */
  readonly catalog?: ConfiguredCatalog
  /** Names of streams that the user has chosen and `discover` does not show, by `streamKey`. Default: none. */
  readonly missing?: readonly string[]
}

/** What a source is given to read. */
export interface ReadRequest<Config> extends ConnectorContext {
  readonly config: Config
  readonly catalog: ConfiguredCatalog
  /** What the destination made durable last; empty on the first run. */
  readonly checkpoints: readonly Checkpoint[]
  /** Bytes that the source may hold in batches it has read and nobody has taken yet. */
  readonly budget: ByteBudget
  /** Go on with replicated streams until told to stop, instead of ending at what was there at the start. Default: false. */
  readonly follow?: boolean
  /** Asked only of a source that `canBackfill`. Default: none. */
  readonly backfills?: readonly Backfill[]
  /**
   * Asks a source that follows to come to an end: it yields a checkpoint for what it has read, and ends. Default: never.
   */
  readonly stopSignal?: AbortSignal
}

/**
 * Columns of a replicated stream whose values are to be read in all rows, without copying the others: the table got them
 * when it had rows already, and the log says nothing of these.
 *
 * The source reads them, with the key, as they are at one place in the log, and yields them there: as updates that leave
 * all other columns unchanged, between the changes before that place and those after it, with an `order` of -1. The message
 * `stream_backfilled` says that all rows are covered. A source that did not come so far begins anew when it is asked again.
 */
export interface Backfill {
  readonly stream: StreamName
  readonly columns: readonly string[]
}

/**
 * What a source yields, in order. `checkpoint` is the contract's hinge: the given checkpoints together with those
 * yielded earlier cover *every* batch yielded before it, of every stream, so the pipeline may commit exactly there.
 * A stream is `started` before its first batch and `completed` after its last; a full refresh is swapped in by the
 * commit that follows `completed`. `restarted` takes back every batch of that stream since `started`, committed or not.
 *
 * A replicated stream that is read on from its checkpoint is `started` with `resumed`; its table copy, where it has one,
 * ends with `copied`, after which come its changes. `truncated` stands between its batches where all its rows were
 * removed. It is `completed` when the source ends, and never while it follows.
 */
export type SourceMessage =
  | { readonly type: 'batch'; readonly batch: ChangeBatch }
  | CheckpointMessage
  | {
      readonly type: 'stream_started'
      readonly stream: StreamName
      readonly rowsEstimated?: number
      readonly bytesEstimated?: number
      readonly resumed: boolean
    }
  | { readonly type: 'stream_restarted'; readonly stream: StreamName; readonly reason: string }
  | {
      readonly type: 'stream_copied'
      readonly stream: StreamName
      /** Where all of it stands in the source's log; absent where it is of several moments. */
      readonly at?: CopiedAt
    }
  | { readonly type: 'stream_truncated'; readonly stream: StreamName; readonly change: TruncateChange }
  | { readonly type: 'stream_backfilled'; readonly stream: StreamName }
  | { readonly type: 'stream_completed'; readonly stream: StreamName }

/** Where a commit may stand. */
export interface CheckpointMessage {
  readonly type: 'checkpoint'
  readonly checkpoints: readonly Checkpoint[]
  /** Of a source that replicates: how far it is behind its server here. Default: told by the age of the last change. */
  readonly lag?: ReplicationLag
  /**
   * True from the checkpoint on at which every table copy of the run is done and all has been read that was in the log
   * when the source began to read it. A source that follows says so; steps wait for it. Default: false.
   */
  readonly isCaughtUp?: boolean
}

/** When a table lost all its rows; position, order and time as those of `RowChanges`. */
export interface TruncateChange {
  readonly position: bigint
  readonly order: number
  readonly committedAtUs: bigint
}

/** Messages in order; a source that holds something open at its server also learns what became durable. */
export interface SourceReader extends AsyncIterable<SourceMessage> {
  /** Called after each commit with the checkpoints it made durable; only then may the source release anything. */
  acknowledge?(checkpoints: readonly Checkpoint[]): Promise<void>
}

/** The typed functions that make a source. All read-only towards the source's data. */
export interface SourceDefinition<Schema extends z.ZodType> {
  /** npm-style short name: `postgres`. */
  readonly name: string
  readonly version: string
  /** Strict zod object; fields that hold secrets carry `.meta({ secret: true })`. */
  readonly config: Schema
  check(config: z.output<Schema>, context: CheckContext): Promise<CheckResult>
  discover(config: z.output<Schema>, context: ConnectorContext): Promise<DiscoveredCatalog>
  read(request: ReadRequest<z.output<Schema>>): SourceReader
  /** Reads columns of replicated streams again where it is asked to, see `Backfill`. Default: false. */
  readonly canBackfill?: boolean
  /** For sources that can replicate; undefined from a configuration that does not. */
  replication?(config: z.output<Schema>): SourceReplication | undefined
}

/** A source together with its parsed configuration: what a pipeline is composed of. */
export interface ConfiguredSource {
  readonly name: string
  readonly version: string
  /** Values that must never appear in logs, events or messages. */
  readonly secrets: readonly string[]
  check(context: CheckContext): Promise<CheckResult>
  discover(context: ConnectorContext): Promise<DiscoveredCatalog>
  read(request: Omit<ReadRequest<unknown>, 'config'>): SourceReader
  /** Default: false. */
  readonly canBackfill?: boolean
  /** Present when the source is configured to replicate. */
  readonly replication?: SourceReplication
}

/** A connector: call it with a configuration to get something a pipeline can run. */
export interface Source<Schema extends z.ZodType = z.ZodType> {
  (config: z.input<Schema>): ConfiguredSource
  readonly definition: SourceDefinition<Schema>
}
