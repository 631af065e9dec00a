import type { Lsn } from './lsn.ts'

/*
 * Messages of the plugin pgoutput, protocol versions 1 to 4 (PostgreSQL docs, "Logical Replication Message Formats"), but
 * for changes of rows, which the reader offers as positions instead of objects. Times are microseconds since 1970.
 *
 * Where `streamXid` stands, it is the (sub)transaction that the message belongs to within a streamed block, and 0 outside.
 */

export interface BeginMessage {
  readonly kind: 'begin'
  /** Where the transaction's commit record will be: `commitLsn` of its commit. */
  readonly finalLsn: Lsn
  readonly committedAtUs: bigint
  readonly xid: number
}

export interface CommitMessage {
  readonly kind: 'commit'
  readonly commitLsn: Lsn
  /** Behind the commit: what is acknowledged when all of the transaction is durable. */
  readonly endLsn: Lsn
  readonly committedAtUs: bigint
}

/** The transaction was replayed from another server. */
export interface OriginMessage {
  readonly kind: 'origin'
  /** Of the commit, at the other server. */
  readonly originLsn: Lsn
  readonly name: string
}

export interface RelationColumn {
  readonly name: string
  /** Part of the replica identity; all columns are with REPLICA IDENTITY FULL. */
  readonly isKey: boolean
  readonly typeOid: number
  readonly typmod: number
}

/** What a relation looks like from here on. Without dropped columns, generated ones and those not published. */
export interface RelationMessage {
  readonly kind: 'relation'
  readonly streamXid: number
  readonly relationId: number
  readonly schemaName: string
  readonly name: string
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index'
  readonly columns: readonly RelationColumn[]
}

/** The name of a type that is not built in; sent before the relation that uses it. */
export interface TypeMessage {
  readonly kind: 'type'
  readonly streamXid: number
  readonly typeOid: number
  readonly schemaName: string
  readonly name: string
}

export interface TruncateMessage {
  readonly kind: 'truncate'
  readonly streamXid: number
  readonly relationIds: readonly number[]
  readonly isCascade: boolean
  readonly restartsIdentity: boolean
}

/** Of pg_logical_emit_message. */
export interface LogicalMessage {
  readonly kind: 'message'
  readonly streamXid: number
  /** False: it stands alone, outside of any transaction, and was sent even if its transaction rolled back. */
  readonly isTransactional: boolean
  readonly lsn: Lsn
  readonly prefix: string
  readonly content: Buffer
}

/** Begins a block of a transaction that is still running. */
export interface StreamStartMessage {
  readonly kind: 'stream-start'
  readonly xid: number
  readonly isFirstBlock: boolean
}

export interface StreamStopMessage {
  readonly kind: 'stream-stop'
}

export interface StreamCommitMessage {
  readonly kind: 'stream-commit'
  readonly xid: number
  readonly commitLsn: Lsn
  readonly endLsn: Lsn
  readonly committedAtUs: bigint
}

/** Takes back a streamed transaction, or of it all that has `subtransactionXid` as its `streamXid`. */
export interface StreamAbortMessage {
  readonly kind: 'stream-abort'
  readonly xid: number
  /** The same as `xid` when the whole transaction was rolled back. */
  readonly subtransactionXid: number
  /** Protocol version 4 with streaming = parallel only. */
  readonly abortLsn?: Lsn
  readonly abortedAtUs?: bigint
}

/** Of a two-phase transaction: its begin, its PREPARE, or the PREPARE of one that was streamed. */
export interface PrepareMessage {
  readonly kind: 'begin-prepare' | 'prepare' | 'stream-prepare'
  readonly prepareLsn: Lsn
  readonly endLsn: Lsn
  readonly preparedAtUs: bigint
  readonly xid: number
  readonly globalId: string
}

export interface CommitPreparedMessage {
  readonly kind: 'commit-prepared'
  readonly commitLsn: Lsn
  readonly endLsn: Lsn
  readonly committedAtUs: bigint
  readonly xid: number
  readonly globalId: string
}

export interface RollbackPreparedMessage {
  readonly kind: 'rollback-prepared'
  readonly prepareEndLsn: Lsn
  readonly rollbackEndLsn: Lsn
  readonly preparedAtUs: bigint
  readonly rolledBackAtUs: bigint
  readonly xid: number
  readonly globalId: string
}

export type PgoutputMessage =
  | BeginMessage
  | CommitMessage
  | OriginMessage
  | RelationMessage
  | TypeMessage
  | TruncateMessage
  | LogicalMessage
  | StreamStartMessage
  | StreamStopMessage
  | StreamCommitMessage
  | StreamAbortMessage
  | PrepareMessage
  | CommitPreparedMessage
  | RollbackPreparedMessage
