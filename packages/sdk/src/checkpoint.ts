import { streamKey } from './stream.ts'
import type { StreamName } from './stream.ts'

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }
/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue }

/**
 * How far a source has read one stream: a JSON object that only that source understands. The destination stores it in
 * the transaction that makes the covered rows durable, and gives it back at the next run. 64-bit numbers (LSN, xid)
 * are strings inside, since JSON numbers are doubles.
 */
export interface Checkpoint {
  readonly stream: StreamName
  readonly state: JsonObject
}

/** The state in the last checkpoint of a stream; undefined when there is none, as on the first run. */
export function checkpointState(checkpoints: readonly Checkpoint[], stream: StreamName): JsonObject | undefined {
  return checkpoints.findLast((checkpoint) => streamKey(checkpoint.stream) === streamKey(stream))?.state
}

/**
 * The stream name under which a source keeps what all its replicated streams share: how far it has read the log. No
 * stream of a source can have it.
 */
export const sharedState: StreamName = { namespace: '_eclusa', name: 'source' }
