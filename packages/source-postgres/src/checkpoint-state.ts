import { EclusaError, checkpointState, sharedState as sharedStateName } from '@eclusa/sdk'
import type { Checkpoint, JsonObject } from '@eclusa/sdk'
import { z } from 'zod'

/*
 * What a checkpoint of this source holds. 64-bit transaction ids are decimal texts, since JSON numbers are doubles.
 *
 * | phase       | means                                                        | the next run                          |
 * |-------------|--------------------------------------------------------------|---------------------------------------|
 * | copy        | some pieces of the table are copied                          | goes on, if that can be proved exact  |
 * | complete    | a full refresh is complete                                   | begins a new full refresh             |
 * | incremental | everything up to a transaction id or cursor value is read    | reads what came after it              |
 * | replicating | the table is copied, and its changes come from the log       | reads the log on                      |
 *
 * A sync that a run left unfinished is the pipeline's knowledge, not the source's: it does not ask again for full
 * refreshes that this sync has completed.
 */

const xid = z.string().regex(/^\d+$/u)

const identity = z.object({ system: z.string().nullable(), timeline: z.number().nullable(), database: z.string() })

const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/u)

/**
 * What a stream that is replicated has to know of its copy. It was followed without a gap if its generation is that of the
 * shared state, and the table has been published ever since.
 */
const followed = {
  /** Changes at this position or before it are in the copy: where the first of its snapshots stands in the log. */
  from: lsn,
  /** Where the last snapshot stands: read up to there, the copy is one state. The same as `from` for one snapshot. */
  copiedAt: lsn,
  generation: z.number(),
  publishedSince: z.string(),
}

const copyState = z.object({
  version: z.literal(1),
  phase: z.literal('copy'),
  /** A first sync of an incremental stream is no half-finished full refresh, and the other way round. */
  mode: z.enum(['full_refresh', 'incremental']),
  source: identity,
  /** The snapshot that the pieces were read in: pg_snapshot_xmin and pg_snapshot_xmax. */
  snapshot: z.object({ xmin: xid, xmax: xid }),
  /** Ids from xmin on of the transactions whose rows were read, as ranges; see copy/resume.ts. */
  recentXids: z.string(),
  fingerprint: z.string(),
  /** Pieces already begun. A part is the table itself, or one partition of it. */
  parts: z.array(
    z.object({
      oid: z.number(),
      filenode: z.number().nullable(),
      /** Pages copied from the first one on; null: all of them, however many there may be. */
      pages: z.number().nullable(),
      rows: z.number(),
    }),
  ),
  /** Of a replicated stream. */
  replication: z.strictObject(followed).exactOptional(),
})
export type CopyState = z.infer<typeof copyState>

const completeState = z.object({ version: z.literal(1), phase: z.literal('complete') })

const xminState = z.object({
  version: z.literal(1),
  phase: z.literal('incremental'),
  guard: z.literal('xmin'),
  source: identity,
  /** Rows of every transaction below this id are read. */
  horizon: xid,
  /** Ids from the horizon on of the transactions whose rows are read too, as ranges. */
  deliveredXids: z.string(),
  /** What was read: the oid of the table, or of each partition. */
  parts: z.array(z.number()),
})
export type XminState = z.infer<typeof xminState>

const cursorState = z.object({
  version: z.literal(1),
  phase: z.literal('incremental'),
  guard: z.literal('cursor'),
  column: z.string(),
  /** The greatest value read, as PostgreSQL prints it; null when there was none. */
  value: z.string().nullable(),
})
export type CursorState = z.infer<typeof cursorState>

const replicatingState = z.strictObject({
  version: z.literal(1),
  phase: z.literal('replicating'),
  /** Oid of the table. */
  table: z.number(),
  ...followed,
})
export type ReplicatingState = z.infer<typeof replicatingState>

const streamState = z.union([copyState, completeState, xminState, cursorState, replicatingState])
export type StreamState = z.infer<typeof streamState>

/** @throws POSTGRES_CHECKPOINT_UNUSABLE when the checkpoint was not written by this source, or by a newer version. */
export function parseState(checkpoint: Checkpoint, key: string): StreamState {
  const parsed = streamState.safeParse(checkpoint.state)
  if (parsed.success) return parsed.data
  throw new EclusaError('POSTGRES_CHECKPOINT_UNUSABLE', {
    message: `The checkpoint of ${key} is not one that this version of the source writes.`,
    details: { stream: key },
    cause: parsed.error,
  })
}

const sharedReplicationState = z.strictObject({
  version: z.literal(1),
  slot: z.string(),
  publication: z.string(),
  systemId: z.string(),
  timeline: z.number(),
  /** Oid. */
  database: z.string(),
  /** Transactions at this position or before it are read, those of every stream of this generation. */
  position: lsn,
  /**
   * From where on the log has to be read nevertheless: where the oldest transaction was prepared that had not ended at
   * `position`, of a slot with two_phase. Default: `position`.
   */
  readFrom: lsn.exactOptional(),
  /**
   * The last commit before `position` that changed anything published: where its record begins, and when it was, in
   * microseconds since 1970. Without a time nothing was changed between the place and `position`. Checkpoints of earlier
   * versions have none.
   */
  lastCommit: z
    .strictObject({
      position: lsn,
      committedAtUs: z
        .string()
        .regex(/^-?\d+$/u)
        .nullable(),
    })
    .exactOptional(),
  /** Grows whenever other streams are followed than before: one that was left out for a while has an older number. */
  generation: z.number(),
  /** A digest of the streams that are followed. */
  members: z.string(),
})
export type SharedState = z.infer<typeof sharedReplicationState>

/** What all replicated streams share. @throws POSTGRES_CHECKPOINT_UNUSABLE as `parseState`. */
export function parseSharedState(checkpoints: readonly Checkpoint[]): SharedState | undefined {
  const state = checkpointState(checkpoints, sharedStateName)
  if (state === undefined) return undefined
  const parsed = sharedReplicationState.safeParse(state)
  if (parsed.success) return parsed.data
  throw new EclusaError('POSTGRES_CHECKPOINT_UNUSABLE', {
    message: 'The checkpoint of replication is not one that this version of the source writes.',
    remedy: 'Run `eclusa resync`: it copies the replicated streams anew.',
    cause: parsed.error,
  })
}

/** From where on the log has to be read: what the server may not give up. */
export function readFromOf({ position, readFrom }: SharedState): string {
  return readFrom ?? position
}

/** The shared state as a checkpoint. */
export function sharedCheckpoint(state: SharedState): Checkpoint {
  return { stream: sharedStateName, state }
}

/** A state as the JSON that checkpoints carry. */
export function stateJson(state: StreamState): JsonObject {
  return state
}
