import type { ByteBudget, Checkpoint, Log, SourceMessage } from '@eclusa/sdk'
import type { TypePolicy } from '../catalog/stream-column.ts'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { Session } from '../connection/session.ts'
import type { SourceStream } from '../source-stream.ts'
import type { LastCommit } from './last-commit.ts'
import type { Lsn } from './lsn.ts'
import type { RelationMessage } from './pgoutput-message.ts'
import type { ReplicationStream } from './replication-stream.ts'

/*
 * The line between what replication needs (slot, publication, table copies, checkpoints) and what it reads: the walsender's
 * messages as changes.
 */

/** A stream that is followed. */
export interface ReplicatedStream {
  readonly source: SourceStream
  /**
   * Changes at this position or before it are in the table copy, and are left out. Snapshots come from the creation of a
   * slot, so that a position tells exactly which transactions they show.
   */
  readonly from: Lsn
}

/** Replication that has started. */
export interface StartedReplication extends AsyncDisposable {
  readonly stream: ReplicationStream
  /** Whether transactions may come before they end (`streaming = on`). */
  readonly isStreaming: boolean
  /** Whether values come in their binary form, where they have one. */
  readonly isBinary: boolean
}

export interface ReadChangesOptions {
  /**
   * Opens a connection and starts replication; disposing closes both. Called again after a connection was lost, or when a
   * column came up whose binary form is not decoded here.
   *
   * @param from where reading begins: at `position`, or before it at a PREPARE that is not resolved.
   * @param form.position where the last transaction ended that was read.
   * @param form.lastCommit the last one that had a change.
   * @param form.isText all values must come as text: a column of such a type was added meanwhile.
   * @throws REPLICATION_SLOT_… and other faults that no repetition mends; POSTGRES_CONNECTION_LOST and the like, which are
   *   worth another try while following.
   */
  connect(
    from: Lsn,
    form: { readonly position: Lsn; readonly lastCommit: LastCommit | undefined; readonly isText: boolean },
  ): Promise<StartedReplication>
  /** An ordinary session of its own, in autocommit: for look-ups of types, and for heartbeats. */
  openSession(): Promise<Session>
  /**
   * The stream that rows of this relation belong to; undefined where it was not chosen. By oid, so a table that was dropped
   * and made again is another one. Partitions that are sent under their own names belong to the stream of their root. Asked
   * whenever the server describes a relation, which it does again after that or the publication was altered.
   *
   * @throws REPLICATION_PUBLICATION_CHANGED, which ends the reading.
   */
  findStream(
    relation: Pick<RelationMessage, 'relationId' | 'schemaName' | 'name'>,
  ): Promise<ReplicatedStream | undefined>
  /**
   * What to yield as checkpoints once everything up to a position was yielded. The next run has to read from `readFrom` on:
   * before the position, while a transaction is prepared there that is not resolved. `lastCommit` is the last one that had a
   * change, of whatever relation.
   */
  checkpoints(position: Lsn, readFrom: Lsn, lastCommit: LastCommit | undefined): readonly Checkpoint[]
  /** Where reading begins: transactions at this position or before it are durable. */
  readonly from: Lsn
  /** As the last checkpoint said. Default: `from`. */
  readonly readFrom?: Lsn
  /** As the last checkpoint said. Default: not known, until one is read. */
  readonly lastCommit?: LastCommit | undefined
  /** Commits at or beyond this position are never `lastCommit`: they are read anew. Default: none is. */
  readonly commitsBefore?: Lsn
  /** The position at or beyond which reading ends, at the next end of a transaction or keep-alive. Undefined: never. */
  readonly until: Lsn | undefined
  /** Checkpoints at or beyond this position say that the source has caught up. Default: none does. */
  readonly caughtUpFrom?: Lsn
  readonly typePolicy: TypePolicy
  readonly budget: ByteBudget
  readonly pool: BufferPool
  /** How long a change may wait for company before it is yielded with a checkpoint. */
  readonly flushIntervalMs: number
  /** A message is written into the log when nothing has arrived for so long. 0: never, as on a standby. */
  readonly heartbeatIntervalMs: number
  /** A session of `openSession` that does not answer for so long is given up. Default: 60 s. */
  readonly answerTimeoutMs?: number
  /** Asks to end in order: with a checkpoint for what was yielded. */
  readonly stopSignal: AbortSignal
  /** Ends at once. */
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Batches of changes, `stream_truncated` and checkpoints, in the order of the commits. A checkpoint stands only between
 * transactions, and covers all that was yielded before it. Nothing is yielded twice, whatever happens to connections.
 */
export interface ChangeSource extends AsyncIterable<SourceMessage> {
  /** Tells the server that nothing before this position is needed any longer; nothing else ever does. */
  acknowledge(position: Lsn): void
}
