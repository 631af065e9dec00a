import { EclusaError } from '@eclusa/sdk'
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
 *
 * A sync that a run left unfinished is the pipeline's knowledge, not the source's: it does not ask again for full
 * refreshes that this sync has completed.
 */

const xid = z.string().regex(/^\d+$/u)

const identity = z.object({ system: z.string().nullable(), timeline: z.number().nullable(), database: z.string() })

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

const streamState = z.union([copyState, completeState, xminState, cursorState])
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

/** A state as the JSON that checkpoints carry. */
export function stateJson(state: StreamState): JsonObject {
  return state
}
