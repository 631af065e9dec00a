import type { CheckFinding } from './check-result.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { ConnectorContext } from './source.ts'
import type { StreamName } from './stream.ts'

/** How far a replicating source is behind its server. */
export interface ReplicationLag {
  /** Bytes of the server's log after the position; absent where the source cannot tell without asking. */
  readonly bytes?: number
  /** How long ago the last change before the position was committed, by the clocks of both; 0 when nothing is left to be read. */
  readonly ms: number
}

/** How the replication of one pipeline stands at its source. Positions are the source's own text: PostgreSQL's LSN. */
export interface ReplicationStatus {
  /** What the server keeps for the pipeline: the replication slot. */
  readonly slot: string
  readonly publication: string
  /** Somebody reads from the slot right now. */
  readonly isActive: boolean
  /** Where the log is read on from: the position in the checkpoints that were given. Absent before the first one. */
  readonly position?: string
  /** Up to where the server was told that all is durable. */
  readonly confirmedPosition?: string
  readonly serverPosition: string
  /** From `position`, or from `confirmedPosition` where there is none. `ms` where the server can tell. */
  readonly lag?: { readonly bytes: number; readonly ms?: number }
  /** Bytes of log that the server keeps for the slot, and how many it would keep at most; absent: no limit. */
  readonly retainedBytes?: number
  readonly retainedBytesMax?: number
  /** The replicated streams among the checkpoints that were given. */
  readonly streams: readonly { readonly stream: StreamName; readonly phase: 'copying' | 'replicating' }[]
  /** What is wrong or will be: the slot is gone, the server's limit is near, … each with its remedy. */
  readonly findings: readonly CheckFinding[]
}

/** A replication slot of the server. */
export interface ReplicationSlot {
  readonly name: string
  /** `own`: of this configuration. `eclusa`: of another one, by its name. `foreign`: of something else. */
  readonly owner: 'own' | 'eclusa' | 'foreign'
  readonly isActive: boolean
  /** The process of the server that reads from it. */
  readonly activePid?: number
  readonly isTemporary: boolean
  /** Absent for a physical slot. */
  readonly plugin?: string
  readonly database?: string
  readonly confirmedPosition?: string
  /** Bytes of log that the server keeps for it. */
  readonly retainedBytes?: number
  /** In the server's words: `reserved`, `extended`, `unreserved`, `lost`. */
  readonly walStatus?: string
  readonly invalidationReason?: string
}

/**
 * What a configured source that replicates can tell of its server, and set right there. None of these calls needs the
 * pipeline to run; none but `dropSlot` changes anything.
 */
export interface SourceReplication {
  /** @param request the checkpoints that the destination holds; none before the first run. */
  status(request: ConnectorContext & { readonly checkpoints: readonly Checkpoint[] }): Promise<ReplicationStatus>
  /** All slots of the server, the own one first. */
  listSlots(context: ConnectorContext): Promise<readonly ReplicationSlot[]>
  /** Drops a slot, also an active one: whoever calls has asked. What the server kept for it is gone for good. */
  dropSlot(request: ConnectorContext & { readonly name: string }): Promise<void>
}
